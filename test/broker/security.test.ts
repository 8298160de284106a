import { describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import { KAFKA_CLIENTS } from '../../src/server/kafka/port.ts';
import { createKafkaLab, hasScores, numberEvents } from '../support/kafka-lab.ts';
import { startNumberScoring } from '../support/kafka-scoring.ts';
import { needs } from '../support/needs.ts';

const USER = { user: 'scorer', password: 'rosebud-7' };
const DAYS = { notAfterDate: new Date(Date.now() + 24 * 3_600_000) };

async function createCertificates() {
  const authority = await generate([{ name: 'commonName', value: 'test authority' }], {
    ...DAYS,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const signed = (name: string) =>
    generate([{ name: 'commonName', value: name }], {
      ...DAYS,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
  return { authority: authority.cert, broker: await signed('broker'), client: await signed('client') };
}

/** TLS both ways and a password, against a real broker that refuses everything else. */
needs('broker').describe('a broker that wants TLS, a certificate and a password', () => {
  const certificates = createCertificates();
  const lab = createKafkaLab('kafkajs', async () => {
    const { authority, broker } = await certificates;
    return { secure: { key: broker.private, certificate: broker.cert, clientAuthority: authority, ...USER } };
  });
  async function tls() {
    const { authority, client } = await certificates;
    return { authority, certificate: client.cert, key: client.private };
  }
  const { user: username, password } = USER;

  describe.each(KAFKA_CLIENTS)('%s', (client) => {
    it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('gets them: %s', async (mechanism) => {
      const topics = await lab.createTopics();
      await lab.client.produce(topics.topicIn, numberEvents(10));
      const config = { client, tls: await tls(), sasl: { mechanism, username, password }, exactlyOnce: true };
      const scoring = startNumberScoring([lab.broker.secureAddress], topics, { config });
      lab.onClose(() => scoring.stop());
      await scoring.started;
      await lab.client.readUntil(topics.topicOut, hasScores(10));
    });

    describe('and gets something else', () => {
      it.each([
        ['a wrong password', { password: 'wrong' }, /refuses the user name or password: check both, and the mechanism/],
        ['no certificate', { certificate: undefined }, /Kafka does not answer as it should/],
        ['an authority that is not trusted', { authority: undefined }, /certificate/],
      ])('%s: an error that says so, and shows no password', async (_, changed, says) => {
        const topics = await lab.createTopics();
        const parts = { ...(await tls()), password, ...changed };
        const config = {
          client,
          tls: { authority: parts.authority, certificate: parts.certificate, key: parts.key },
          sasl: { mechanism: 'plain', username, password: parts.password } as const,
          startTimeoutMs: 1_500,
        };
        const scoring = startNumberScoring([lab.broker.secureAddress], topics, { config });
        lab.onClose(() => scoring.stop());
        const error = await scoring.started.catch((thrown: unknown) => thrown);
        expect(String(error)).toMatch(says);
        expect(String(error)).not.toMatch(/rosebud|wrong/);
      });
    });
  });
});
