import { nameList, onOff, realNumber, text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

const group = 'Security';

/** Settings of who may call, and how much. All are off by default; docs/threats.md says what each protects. */
export const SECURITY_SETTINGS = defineSettings({
  tlsCert: {
    schema: text().optional(),
    flag: '--tls-cert <file>',
    env: 'ARISTARCH_TLS_CERT',
    help: "PEM file of the server's certificate chain; gRPC then speaks TLS only. Read anew when it changes",
    group,
  },
  tlsKey: {
    schema: text().optional(),
    flag: '--tls-key <file>',
    env: 'ARISTARCH_TLS_KEY',
    help: 'PEM file of the private key of --tls-cert. Read anew when it changes',
    group,
  },
  tlsClientCa: {
    schema: text().optional(),
    flag: '--tls-client-ca <file>',
    env: 'ARISTARCH_TLS_CLIENT_CA',
    help: 'PEM file of authorities: gRPC clients must show a certificate that one of them signed (mutual TLS). Read anew when it changes',
    group,
  },
  tlsAdminNames: {
    schema: nameList(),
    default: [],
    flag: '--tls-admin-names <names>',
    env: 'ARISTARCH_TLS_ADMIN_NAMES',
    help: 'common names of client certificates that have the role admin; the other ones have the role score',
    list: true,
    group,
  },
  httpTls: {
    schema: onOff(),
    default: false,
    flag: '--http-tls',
    env: 'ARISTARCH_HTTP_TLS',
    help: 'HTTP speaks TLS as well, with the certificate of --tls-cert',
    group,
  },
  tokens: {
    schema: text().optional(),
    flag: '--tokens <file>',
    env: 'ARISTARCH_TOKENS',
    help: 'JSON file of bearer tokens, [{"name", "role": "score" or "admin", "token" or "sha256"}]; callers must then show one. Read anew when it changes',
    group,
  },
  jwks: {
    schema: text().optional(),
    flag: '--jwks <url or file>',
    env: 'ARISTARCH_JWKS',
    help: 'key set (JWKS) by which bearer tokens that are JWTs are checked; needs --jwt-issuer and --jwt-audience',
    group,
  },
  jwtIssuer: {
    schema: text().optional(),
    flag: '--jwt-issuer <issuer>',
    env: 'ARISTARCH_JWT_ISSUER',
    help: 'issuer (iss) that a JWT must name',
    group,
  },
  jwtAudience: {
    schema: text().optional(),
    flag: '--jwt-audience <audience>',
    env: 'ARISTARCH_JWT_AUDIENCE',
    help: 'audience (aud) that a JWT must be for',
    group,
  },
  jwtRolesClaim: {
    schema: text(),
    default: 'roles',
    flag: '--jwt-roles-claim <claim>',
    env: 'ARISTARCH_JWT_ROLES_CLAIM',
    help: 'claim of a JWT that names roles, as a list or separated by spaces; score and admin count',
    group,
  },
  rateLimitRows: {
    schema: realNumber({ min: 1 }).optional(),
    flag: '--rate-limit-rows <count>',
    env: 'ARISTARCH_RATE_LIMIT_ROWS',
    help: 'most rows a second that one client may have scored over gRPC; no limit when absent',
    unit: 'rows per second',
    group,
  },
  rateLimitRequests: {
    schema: realNumber({ min: 0.1 }).optional(),
    flag: '--rate-limit-requests <count>',
    env: 'ARISTARCH_RATE_LIMIT_REQUESTS',
    help: 'most requests and messages of streams a second of one client over gRPC; no limit when absent',
    unit: 'requests per second',
    group,
  },
  reloadIntervalMs: {
    schema: wholeNumber({ min: 100, max: 2 ** 31 - 1 }),
    default: 10_000,
    flag: '--reload-interval-ms <ms>',
    env: 'ARISTARCH_RELOAD_INTERVAL_MS',
    help: 'how often certificates, keys and tokens are looked at for changes',
    unit: 'ms',
    group,
  },
});
