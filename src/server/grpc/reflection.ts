import { once } from 'node:events';
import { ReflectionService } from '@grpc/reflection';
import type { Server, ServerDuplexStream } from './engine.ts';
import { loadReflectedContracts } from './reflected-contract.ts';

type Stream = ServerDuplexStream<unknown, unknown>;
type Handlers = Parameters<Server['addService']>[1];

/** Adds the reflection service. Its descriptors take longer to make than all else in a server, and most are never asked for them. */
export function addReflection(server: Server): void {
  new ReflectionService(loadReflectedContracts()).addToServer({
    addService: (definition, handlers) => server.addService(definition, readByTurns(handlers)),
  });
}

/**
 * It answers whatever comes as it comes: a question of some bytes has an answer of thousands, all of which would be kept for a caller who
 * reads none. Here the next question waits until answers are taken, and who takes none is a slow client.
 */
function readByTurns(handlers: Handlers): Handlers {
  const byTurns = (handle: (stream: Stream) => void) => (stream: Stream) => {
    const gone = new AbortController();
    stream.on('cancelled', () => gone.abort());
    const write = stream.write.bind(stream) as (answer: unknown) => boolean;
    stream.write = (answer: unknown): boolean => {
      const isTaken = write(answer);
      if (isTaken || stream.isPaused()) return isTaken;
      stream.pause();
      // Whoever is gone, or torn down, asks nothing more.
      once(stream, 'drain', { signal: gone.signal }).then(
        () => stream.resume(),
        () => undefined,
      );
      return isTaken;
    };
    handle(stream);
  };
  const entries = Object.entries(handlers) as [string, (stream: Stream) => void][];
  return Object.fromEntries(entries.map(([name, handle]) => [name, byTurns(handle)]));
}
