import { resolve } from 'node:path';
import { runTool } from './chart.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What concerns the release in a cluster, and no rendering. */
const OF_THE_CLUSTER = /^--(install|create-namespace|wait|(reset-then-)?reuse-values)$/;
/** Takes the values of the release that is there. */
const REUSES = /^--(reset-then-)?reuse-values$/;
/** What a command that goes on from a release (`--reuse-values`) was installed with. */
const RELEASE = ['--set', 'model.source=pvc', '--set', 'model.pvc.claimName=models'];

/** What `helm upgrade` or `helm template` with these flags would install, rendered without a cluster. Throws what Helm says against it. */
export function renderCommand(command: string): string {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain!,
  );
  const flags = words.slice(2).filter((word) => !OF_THE_CLUSTER.test(word));
  const timeout = flags.indexOf('--timeout');
  if (timeout >= 0) flags.splice(timeout, 2);
  const before = words.some((word) => REUSES.test(word)) ? RELEASE : [];
  const chart = flags.map((word) => (word === 'deploy/helm/aristarch' ? resolve(ROOT, word) : word));
  const { status, text } = runTool('helm3', [
    'template',
    ...chart.slice(0, 2),
    ...before,
    ...chart.slice(2),
    '--kube-version',
    '1.36.3',
  ]);
  if (status !== 0) throw new Error(`${command}\n${text}`);
  return text;
}
