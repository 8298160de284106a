import type { ServeConfig } from '../config.ts';

type Asked = Pick<ServeConfig, 'adminCalls' | 'jwks' | 'tlsCert' | 'tlsClientCa' | 'tokens'>;

/** What the settings leave open that their operator may take for closed; for the log at the start. */
export function gapsOf({ adminCalls, jwks, tlsCert, tlsClientCa, tokens }: Asked): readonly string[] {
  const hasTokens = (tokens ?? jwks) !== undefined;
  const gaps: readonly (readonly [isOpen: boolean, gap: string])[] = [
    [
      hasTokens && tlsCert === undefined,
      'bearer tokens are read from connections without encryption: use --tls-cert and --tls-key, or a proxy that speaks TLS',
    ],
    [
      !hasTokens && tlsClientCa !== undefined,
      'client certificates are asked for by gRPC alone: whoever reaches the HTTP port sees the live page, with records; use --tokens or --jwks as well, or let nobody reach it',
    ],
    [
      adminCalls && !hasTokens && tlsClientCa === undefined,
      '--admin-calls is on and nobody is asked who calls: whoever reaches the gRPC port can load and unload models; use --tokens, --jwks or --tls-client-ca, or let nobody else reach it',
    ],
    [
      jwks?.toLowerCase().startsWith('http:') === true,
      'the key set of --jwks comes without encryption: whoever stands in between can put keys of their own in it and sign any token; use https, or a file',
    ],
  ];
  return gaps.flatMap(([isOpen, gap]) => (isOpen ? [gap] : []));
}
