import { createRequire } from 'node:module';
import { toRejoining } from './faults.ts';

export type Heartbeat = (this: unknown, options: { readonly interval: number }) => Promise<void>;

/**
 * Has kafkajs 2.2.3 join its group anew where a heartbeat of its own, between two fetches, hears that its generation is over: it knows what to do by
 * other words for that (`isRebalancing`), and would give up by these, and begin as a new client.
 */
export function rejoinByHeartbeats(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as {
    prototype: { heartbeat: Heartbeat };
  };
  const beat = prototype.heartbeat;
  prototype.heartbeat = async function (options) {
    try {
      await beat.call(this, options);
    } catch (thrown) {
      throw toRejoining(thrown);
    }
  };
}
