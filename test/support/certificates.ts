import { generate } from 'selfsigned';

export interface Pem {
  readonly cert: string;
  readonly key: string;
}

const attributes = (name: string) => [{ name: 'commonName', value: name }];
const common = { keyType: 'ec', algorithm: 'sha256' } as const;

/** An authority that signs other certificates. */
export async function createAuthority(name = 'Test Authority'): Promise<Pem> {
  const extensions = [
    { name: 'basicConstraints' as const, cA: true, critical: true },
    { name: 'keyUsage' as const, keyCertSign: true, cRLSign: true },
  ];
  const { cert, private: key } = await generate(attributes(name), { ...common, extensions });
  return { cert, key };
}

/** A certificate for 127.0.0.1 as server, and for `name` as client. */
export async function createCertificate(
  authority: Pem,
  name: string,
  dates: { readonly notBeforeDate?: Date; readonly notAfterDate?: Date } = {},
): Promise<Pem> {
  const extensions = [
    { name: 'basicConstraints' as const, cA: false },
    { name: 'keyUsage' as const, digitalSignature: true },
    { name: 'extKeyUsage' as const, serverAuth: true, clientAuth: true },
    { name: 'subjectAltName' as const, altNames: [{ type: 7 as const, ip: '127.0.0.1' }] },
  ];
  const { cert, private: key } = await generate(attributes(name), { ...common, ...dates, ca: authority, extensions });
  return { cert, key };
}
