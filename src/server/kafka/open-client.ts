import type { Logger } from 'pino';
import type { KafkaClient, KafkaClientConfig, KafkaClientName } from './port.ts';

export type OpenKafkaClient = (config: KafkaClientConfig, log: Logger) => Promise<KafkaClient>;

/** Each is loaded when it is chosen, and not before. */
const CLIENTS: { readonly [N in KafkaClientName]: () => Promise<OpenKafkaClient> } = {
  kafkajs: async () => (await import('./kafkajs/client.ts')).createKafkajsClient,
  platformatic: async () => (await import('./platformatic/client.ts')).createPlatformaticClient,
};

/** The client that the configuration names. It connects when it is first asked for something. */
export async function openKafkaClient(config: KafkaClientConfig, log: Logger): Promise<KafkaClient> {
  const open = await CLIENTS[config.client]();
  return open(config, log);
}
