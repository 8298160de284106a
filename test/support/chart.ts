import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { toolPath } from './tool-path.ts';

export const CHART = resolve(import.meta.dirname, '../../deploy/helm/aristarch');

/** The values files that come with the chart, one for each way to configure it. */
export const VALUES_FILES: readonly string[] = readdirSync(join(CHART, 'ci')).map((name) => join(CHART, 'ci', name));

/** The one for a way to configure it, by its name: pvc, kafka-keda, ... */
export function valuesFile(name: string): string {
  return join(CHART, 'ci', `${name}.yaml`);
}

/** A program of `.ci/go-tools.sh` that was built without its release's flags believes in an old Kubernetes, unless it is told. */
const KUBERNETES = ['--kube-version', '1.36.3'];

export interface Ran {
  readonly status: number | null;
  /** Standard output, then standard error. */
  readonly text: string;
}

export function runTool(name: string, args: readonly string[], input = ''): Ran {
  const options = { input, encoding: 'utf8', env: process.env, maxBuffer: 2 ** 26 } as const;
  const { status, stdout, stderr } = spawnSync(toolPath(name), args, options);
  return { status, text: stdout + stderr };
}

export interface RenderOptions {
  readonly helm?: 'helm3' | 'helm4';
  readonly chart?: string;
  readonly values?: readonly string[];
  /** As `--set-json` takes them: path=JSON. */
  readonly set?: readonly string[];
}

/** `helm template`, as it came out. */
export function renderText({ helm = 'helm3', chart = CHART, values = [], set = [] }: RenderOptions): Ran {
  const files = values.flatMap((file) => ['--values', file]);
  const given = set.flatMap((pair) => ['--set-json', pair]);
  return runTool(helm, ['template', 'release', chart, '--namespace', 'scores', ...KUBERNETES, ...files, ...given]);
}

const resourceSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
export type Resource = z.infer<typeof resourceSchema>;

/** The resources of `helm template`. Throws what Helm said where it failed. */
export function render(options: RenderOptions): readonly Resource[] {
  const { status, text } = renderText(options);
  if (status !== 0) throw new Error(text);
  return parseAllDocuments(text).map((document) => resourceSchema.parse(document.toJS()));
}

/** The only resource of a kind. */
export function only(resources: readonly Resource[], kind: string): Resource {
  const found = resources.filter((resource) => resource.kind === kind);
  if (found.length !== 1) throw new Error(`there are ${found.length} of ${kind} instead of one`);
  return found[0]!;
}

const podSchema = z.looseObject({
  terminationGracePeriodSeconds: z.number(),
  containers: z.array(
    z.looseObject({
      args: z.array(z.string()),
      env: z.array(z.looseObject({ name: z.string() })).default([]),
      lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }).optional(),
    }),
  ),
});
const deploymentSchema = z.object({
  spec: z.looseObject({ template: z.object({ metadata: z.looseObject({}), spec: podSchema }) }),
});

/** The pod of the Deployment, and its one container. */
export function servingPod(resources: readonly Resource[]) {
  const { metadata, spec } = deploymentSchema.parse(only(resources, 'Deployment')).spec.template;
  return { metadata, spec, container: spec.containers[0]! };
}

const configMapSchema = z.object({ data: z.record(z.string(), z.string()) });

/** The configuration file in a ConfigMap; undefined where none holds a file of that name. */
export function configFile(resources: readonly Resource[], name: string): Record<string, unknown> | undefined {
  const maps = resources.filter(({ kind }) => kind === 'ConfigMap').map((map) => configMapSchema.parse(map).data);
  const text = maps.find((data) => Object.hasOwn(data, name))?.[name];
  return text === undefined ? undefined : z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}
