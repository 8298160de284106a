import type { Role } from './principal.ts';

/** Probes of Kubernetes can show neither token nor certificate; what they learn is whether the server serves. */
const OPEN_SERVICES = ['/grpc.health.v1.Health/'];

/** The role that a gRPC method needs, by its path; a service stands for all of its methods that have no row of their own. */
const ROLES_OF_METHODS: ReadonlyMap<string, Role> = new Map(
  Object.entries<Role>({
    '/aristarch.v1.Aristarch/LoadModel': 'admin',
    '/aristarch.v1.Aristarch/UnloadModel': 'admin',
    '/aristarch.v1.Aristarch/ListModels': 'admin',
    '/aristarch.v1.Aristarch/': 'score',
    '/inference.GRPCInferenceService/': 'score',
    '/grpc.reflection.v1.ServerReflection/': 'score',
    '/grpc.reflection.v1alpha.ServerReflection/': 'score',
  }),
);

/** Undefined for methods that anybody may call; `admin` for those that nobody has thought about. */
export function roleOfMethod(path: string): Role | undefined {
  const service = path.slice(0, path.lastIndexOf('/') + 1);
  if (OPEN_SERVICES.includes(service)) return undefined;
  return ROLES_OF_METHODS.get(path) ?? ROLES_OF_METHODS.get(service) ?? 'admin';
}
