import { spawn } from 'node:child_process';
import { z } from 'zod';
import { toolPath } from '../../test/support/tool-path.ts';

export type Helm = 'helm3' | 'helm4';

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

/** What is asked of resources here: their names and labels, and whatever else they hold. */
const resourceSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
});
export type Resource = z.infer<typeof resourceSchema>;

/** A cluster, asked and told by the programs that people use. */
export class Cluster {
  readonly #kubeconfig: string;

  constructor(kubeconfig: string) {
    this.#kubeconfig = kubeconfig;
  }

  /** Standard output. Throws what kubectl said where it failed. */
  async kubectl(args: readonly string[], input = ''): Promise<string> {
    return succeed('kubectl', args, await this.tryKubectl(args, input));
  }

  tryKubectl(args: readonly string[], input = ''): Promise<Ran> {
    return this.run(toolPath('kubectl'), args, input);
  }

  async helm(helm: Helm, args: readonly string[]): Promise<string> {
    return succeed(helm, args, await this.tryHelm(helm, args));
  }

  tryHelm(helm: Helm, args: readonly string[]): Promise<Ran> {
    return this.run(toolPath(helm), args);
  }

  /** Makes resources, or changes them. */
  async apply(resources: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: resources };
    // Definitions of extensions are too large for the annotation that kubectl would keep them in.
    await this.kubectl(['apply', '--server-side', '--filename', '-'], JSON.stringify(list));
  }

  /** Resources of the kinds, separated by commas, with the labels. */
  async list(namespace: string, kinds: string, labels = ''): Promise<readonly Resource[]> {
    const args = ['--namespace', namespace, 'get', kinds, '--selector', labels, '--output', 'json'];
    return z.object({ items: z.array(resourceSchema) }).parse(JSON.parse(await this.kubectl(args))).items;
  }

  async get<T extends z.ZodType>(namespace: string, kind: string, name: string, schema: T): Promise<z.infer<T>> {
    const text = await this.kubectl(['--namespace', namespace, 'get', kind, name, '--output', 'json']);
    return schema.parse(JSON.parse(text));
  }

  /** Whether a node says that it is ready. */
  async isReady(kind: string, name: string): Promise<boolean> {
    const path = '{.status.conditions[?(@.type=="Ready")].status}';
    const { out } = await this.tryKubectl(['get', kind, name, '--output', `jsonpath=${path}`]);
    return out.trim() === 'True';
  }

  run(program: string, args: readonly string[], input = '', cwd?: string): Promise<Ran> {
    const env = { ...process.env, KUBECONFIG: this.#kubeconfig };
    const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const texts = { out: '', error: '' };
    child.stdout.on('data', (chunk) => (texts.out += String(chunk)));
    child.stderr.on('data', (chunk) => (texts.error += String(chunk)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => {
        resolve({ status, ...texts });
      });
    });
  }
}

function succeed(program: string, args: readonly string[], { status, out, error }: Ran): string {
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${error}${out}`);
  return out;
}
