import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cutLeash, spawnLeashed } from './leash.ts';

/** A real Apache Kafka of one node (KRaft), from Maven Central's jars, run by the machine's Java: `needs('broker')`. */
export interface KafkaBroker extends AsyncDisposable {
  /** host:port; stays the same over `kill` and `start`. */
  readonly address: string;
  /** host:port of the listener that wants TLS and a password; only with `secure`. */
  readonly secureAddress: string;
  /** Where its partitions lie, each in a folder of its name. */
  readonly dataFolder: string;
  /** Ends the broker at once, as a power cut would; its data stay. */
  kill(): Promise<void>;
  /** Starts it again, with the same address and data. */
  start(): Promise<void>;
  /** Ends the broker and removes its data. It also ends by itself when the test's process does. */
  close(): Promise<void>;
}

const KAFKA_VERSION = '4.4.0';
const CACHE = resolve(import.meta.dirname, '../../.cache/kafka');
const run = promisify(execFile);

export interface KafkaBrokerOptions {
  readonly properties?: Readonly<Record<string, string>>;
  /** A second listener, with TLS, by which clients must show a certificate, and a password. */
  readonly secure?: SecureListener;
}

export interface SecureListener {
  /** PEM texts: the broker's key and certificate, and the authority that signed the clients'. */
  readonly key: string;
  readonly certificate: string;
  readonly clientAuthority: string;
  readonly user: string;
  readonly password: string;
}

export async function startKafkaBroker({ properties = {}, secure }: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
  const jars = await provideJars();
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-kafka-'));
  const ports = await findFreePorts();
  const [port, , securePort] = ports;
  const settings = join(folder, 'server.properties');
  const secured = secure === undefined ? {} : await secureProperties(folder, ports, secure);
  await writeFile(settings, toProperties({ ...baseProperties(folder, ports), ...secured, ...properties }));
  await run('java', [
    ...JVM,
    '-cp',
    join(jars, '*'),
    'kafka.tools.StorageTool',
    'format',
    '-t',
    CLUSTER_ID,
    '-c',
    settings,
    ...(secure === undefined ? [] : SCRAM.flatMap((mechanism) => ['-S', toScramUser(mechanism, secure)])),
  ]);
  const broker = createBroker(jars, folder, settings, port, securePort);
  try {
    await broker.start();
  } catch (thrown) {
    await broker.close();
    throw thrown;
  }
  return broker;
}

/** Any id in Kafka's own form: 16 bytes in base64url. */
const CLUSTER_ID = Buffer.from('aristarch-tests!').toString('base64url');
/** Quick to start and small, rather than quick in the long run. */
const JVM = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Djava.awt.headless=true'];
const JVM_LOG = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.logFile=System.out'];
function createBroker(jars: string, folder: string, settings: string, port: number, securePort: number): KafkaBroker {
  let child: ChildProcess | undefined;
  const logFile = join(folder, 'broker.log');
  const java = ['java', ...JVM, ...JVM_LOG, '-cp', join(jars, '*'), 'kafka.Kafka', settings];

  async function start(): Promise<void> {
    const log = await open(logFile, 'a');
    const started = spawnLeashed(java, { output: log.fd });
    child = started;
    await log.close();
    for (let tries = 0; !(await answers(port)); tries += 1) {
      if (started.exitCode !== null || tries >= 600) {
        const lines = (await readFile(logFile, 'utf8')).split('\n').slice(-20).join('\n');
        throw new Error(`Kafka on port ${port} did not start. Its last lines:\n${lines}`);
      }
      await sleep(100);
    }
  }
  async function kill(): Promise<void> {
    const killed = child;
    child = undefined;
    if (killed !== undefined) await cutLeash(killed);
  }
  async function close(): Promise<void> {
    await kill();
    await rm(folder, { recursive: true, force: true });
  }
  const address = `127.0.0.1:${port}`;
  const secureAddress = `127.0.0.1:${securePort}`;
  const dataFolder = dataOf(folder);
  return { address, secureAddress, dataFolder, start, kill, close, [Symbol.asyncDispose]: close };
}

const dataOf = (folder: string): string => join(folder, 'data');

function baseProperties(folder: string, [port, controllerPort]: Ports): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataOf(folder),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // Tests wait for neither the second member of a group nor long for a dead one.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // A broker that was killed may register again only when the controller has given the old one up.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '400',
  };
}

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

function toScramUser(mechanism: string, { user, password }: SecureListener): string {
  return `${mechanism}=[name=${user},password=${password}]`;
}

async function secureProperties(
  folder: string,
  [port, controllerPort, securePort]: Ports,
  { key, certificate, clientAuthority, user, password }: SecureListener,
): Promise<Record<string, string>> {
  const keyStore = join(folder, 'broker.pem');
  const trustStore = join(folder, 'clients.pem');
  await writeFile(keyStore, `${key}\n${certificate}`);
  await writeFile(trustStore, clientAuthority);
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${user}="${password}";`;
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort},SECURE://127.0.0.1:${securePort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${securePort}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL',
    'sasl.enabled.mechanisms': ['PLAIN', ...SCRAM].join(','),
    'listener.name.secure.plain.sasl.jaas.config': plain,
    'listener.name.secure.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.secure.scram-sha-512.sasl.jaas.config': scram,
    'listener.name.secure.ssl.keystore.type': 'PEM',
    'listener.name.secure.ssl.keystore.location': keyStore,
    'listener.name.secure.ssl.truststore.type': 'PEM',
    'listener.name.secure.ssl.truststore.location': trustStore,
    'listener.name.secure.ssl.client.auth': 'required',
  };
}

function toProperties(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The folder with Kafka's jars; fetched once, into a folder that git ignores. */
async function provideJars(): Promise<string> {
  const home = join(CACHE, KAFKA_VERSION);
  const jars = join(home, 'jars');
  if (existsSync(jars)) return jars;
  await mkdir(CACHE, { recursive: true });
  const fresh = await mkdtemp(join(CACHE, 'fetch-'));
  await writeFile(join(fresh, 'pom.xml'), POM);
  const output = `-DoutputDirectory=${join(fresh, 'jars')}`;
  await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', output], { cwd: fresh });
  // Another test process may have been quicker; its jars are the same.
  await rename(fresh, home).catch(() => rm(fresh, { recursive: true, force: true }));
  return jars;
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>aristarch</groupId>
  <artifactId>test-broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

type Ports = readonly [number, number, number];

/** Ports that nobody listens on at present. */
export async function findFreePorts(): Promise<Ports> {
  const servers = [createServer(), createServer(), createServer()] as const;
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      return address !== null && typeof address === 'object' ? address.port : 0;
    }),
  );
  await Promise.all(servers.map((server) => promisify(server.close.bind(server))()));
  return [ports[0]!, ports[1]!, ports[2]!];
}

/** ApiVersions, version 0, without a client id: the first thing that any client asks. */
const API_VERSIONS_REQUEST = Buffer.from('0000000a00120000000000 01ffff'.replaceAll(' ', ''), 'hex');

/** An open port is not enough: the broker must answer a request. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(1_000, () => socket.destroy(new Error('timeout')));
  try {
    socket.write(API_VERSIONS_REQUEST);
    await once(socket, 'data');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
