/** What a caller may do. `admin` may do all that `score` may. */
export const ROLES = ['score', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls, as far as it was proven. */
export interface Principal {
  /** For logs and rate limits: the name of a token, the subject of a JWT, the common name of a certificate. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Whether what it has shown would still be taken; else it is to be asked again. Absent: for as long as its connection lasts. */
  readonly holds?: (() => boolean) | undefined;
}

export function mayAct({ roles }: Principal, role: Role): boolean {
  return roles.includes(role) || roles.includes('admin');
}
