import type { TlsSource } from '../security/tls-material.ts';
import { type CertificateProvider, experimental, ServerCredentials } from './engine.ts';

/**
 * What the gRPC port speaks: TLS with the source's files as they are at present, or nothing. Connections that are open keep
 * the certificate they began with; new ones see the new one.
 */
export function toServerCredentials(tls: TlsSource | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const provider = toProvider(tls);
  const wantsClients = tls.current.clientCa !== undefined;
  return experimental.createCertificateProviderServerCredentials(
    // Identity first, authorities second: grpc-js has them in this order, its type the other way about.
    provider,
    wantsClients ? provider : null,
    wantsClients,
  );
}

/** grpc-js asks for the two parts apart; the source changes them together. */
function toProvider(tls: TlsSource): CertificateProvider {
  const stops = new Map<unknown, () => void>();
  const add = (listener: unknown, tell: () => void): void => {
    stops.set(listener, tls.subscribe(tell));
    // As grpc-js's own provider does: it counts its watchers only after this returns.
    process.nextTick(tell);
  };
  const remove = (listener: unknown): void => {
    stops.get(listener)?.();
    stops.delete(listener);
  };
  return {
    addIdentityCertificateListener: (listener) =>
      add(listener, () => listener({ certificate: tls.current.cert, privateKey: tls.current.key })),
    addCaCertificateListener: (listener) => add(listener, () => listener({ caCertificate: tls.current.clientCa! })),
    removeIdentityCertificateListener: remove,
    removeCaCertificateListener: remove,
  };
}
