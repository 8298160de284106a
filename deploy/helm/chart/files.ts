import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMap, parseDocument, type YAMLMap } from 'yaml';
import { OPTIONAL_VALUES, SCHEMA_RULES } from './schema-rules.ts';
import { refusalFacts, settingsSchema } from './settings-schema.ts';
import { createValuesSchema, listValues } from './values-schema.ts';

export const CHART = resolve(import.meta.dirname, '../aristarch');

export function readValues(): YAMLMap {
  const { contents } = parseDocument(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  if (!isMap(contents)) throw new Error('values.yaml holds no map');
  return contents;
}

/** The files of the chart that are made of others: name -> text, as Prettier writes it. */
export async function makeChartFiles(): Promise<Readonly<Record<string, string>>> {
  const { format } = await import('prettier');
  const values = readValues();
  const rules = {
    ...SCHEMA_RULES,
    config: settingsSchema('serve'),
    'training.config': settingsSchema('train'),
  };
  const options = { printWidth: 120, singleQuote: true };
  return {
    'values.schema.json': await format(
      JSON.stringify(createValuesSchema(values, { rules, optional: OPTIONAL_VALUES })),
      {
        ...options,
        parser: 'json',
      },
    ),
    'files/refusals.json': await format(JSON.stringify(refusalFacts()), { ...options, parser: 'json' }),
    'README.md': await format(describeChart(values), { ...options, parser: 'markdown' }),
  };
}

function describeChart(values: YAMLMap): string {
  const rows = listValues(values).map(
    ({ path, fallback, description }) => `| \`${path}\` | \`${escape(fallback)}\` | ${escape(description ?? '')} |`,
  );
  return [
    '# Chart aristarch',
    '',
    'Installs Aristarch on Kubernetes, 1.30 or newer, by Helm 3 or 4. The guide is docs/kubernetes.md of the project.',
    '',
    '```sh',
    'helm upgrade --install aristarch deploy/helm/aristarch --set model.source=pvc --set model.pvc.claimName=models --wait',
    '```',
    '',
    'This page is written by `npm run chart:generate`, from `values.yaml`.',
    '',
    '## Values',
    '',
    '| value | default | what |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
