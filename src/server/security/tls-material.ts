import { createSecureContext } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { AristarchError, messageOf } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';
import { watchFiles } from './watched-files.ts';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; no client certificates are asked for when absent. */
  readonly clientCa?: string | undefined;
}
/** PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa?: Buffer | undefined;
}
type Listener = (material: TlsMaterial) => void;

/** Certificate, key and authorities that are always usable together, and change when the files do. */
export interface TlsSource {
  readonly current: TlsMaterial;
  subscribe(listener: Listener): () => void;
  /** Looks at the files now. */
  reload(): Promise<void>;
  stop(): void;
}

export interface TlsSourceOptions {
  readonly files: TlsFiles;
  readonly intervalMs: number;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly onChange: (refused: AristarchError | undefined) => void;
}

/** Throws `NOT_FOUND` for a file that cannot be read and `INVALID_INPUT` for files that do not go together or are out of date. */
export async function openTlsSource({ files, intervalMs, clock, onChange }: TlsSourceOptions): Promise<TlsSource> {
  const listeners = new Set<Listener>();
  let current: TlsMaterial | undefined;
  const { cert, key, clientCa } = files;
  const watched = await watchFiles<'cert' | 'key' | 'clientCa'>({
    paths: { cert, key, ...(clientCa !== undefined && { clientCa }) } as Record<'cert' | 'key' | 'clientCa', string>,
    intervalMs,
    onChange,
    use: (material: TlsMaterial) => {
      checkMaterial(material, files, clock.wallMs());
      current = material;
      for (const listener of listeners) listener(material);
    },
  });
  return {
    get current() {
      return current!;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reload: watched.look,
    stop: watched.stop,
  };
}

function checkMaterial({ cert, key, clientCa }: TlsMaterial, files: TlsFiles, nowMs: number): void {
  const refuse = (message: string): never => {
    throw new AristarchError('INVALID_INPUT', message, { cert: files.cert, key: files.key });
  };
  const certificate = parseCertificate(cert, files.cert);
  if (clientCa !== undefined) parseCertificate(clientCa, files.clientCa!);
  if (Date.parse(certificate.validTo) < nowMs)
    refuse(`the certificate in ${files.cert} expired on ${certificate.validTo}: renew it`);
  try {
    createSecureContext({ cert, key, ca: clientCa });
  } catch {
    // OpenSSL's words name no file, and may quote from one.
    refuse(
      `the key in ${files.key} is not the one of the certificate in ${files.cert}, or is no PEM key without a passphrase`,
    );
  }
}

function parseCertificate(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const why = messageOf(cause);
    throw new AristarchError('INVALID_INPUT', `${path} holds no certificate in PEM (${why}): give another file`, {
      path,
    });
  }
}
