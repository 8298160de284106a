import { ADVERSARIAL_OBJECTIVES } from '../../src/models/adversarial/objectives.ts';
import { REGULARISERS } from '../../src/models/adversarial/regularisers.ts';
import { FAMILIES } from '../../src/models/families/index.ts';
import { markdownTable, writeDocument } from '../support/documents.ts';
import { describeDetection } from './detection-page.ts';
import { describeDirac } from './dirac-page.ts';
import type { FamiliesResult } from './result.ts';
import { describeCoverage, describeMinibatch } from './toy-page.ts';

/** docs/families.md, from what the bench found and from what the families say of themselves. */
export async function writeFamiliesPage(result: FamiliesResult): Promise<void> {
  const parts = [
    INTRODUCTION,
    describeFamilies(),
    describeParts(),
    describeDirac(result.dirac),
    describeCoverage(result.coverage),
    describeMinibatch(result.minibatch),
    await describeDetection(result.detection),
  ];
  await writeDocument('families.md', `${parts.join('\n\n')}\n`);
}

const INTRODUCTION = `# Families

What each family of \`npm run train -- --family NAME\` is, when to use it, and what it was measured to do. \`npm run bench:families -- --write\`
measures, and writes this page, \`docs/quality/families.json\` and the pictures; \`--page\` writes the page from that file alone. The data sets of the last
part are not part of the project.

**To find anomalies, take the default**, \`wgan-gp\` with its preset \`detect\`: members against off-support negatives. To make up rows, a
family's own critic and its generator are what counts, and the figures on coverage below say what they are worth. The presets named after
papers are there to reproduce them.`;

function describeFamilies(): string {
  const families = Object.values(FAMILIES).map(({ name, summary, source }) => [`\`${name}\``, summary, source]);
  const presets = Object.values(FAMILIES).flatMap((family) =>
    Object.entries(family.presets).map(([name, { summary }]) => [`\`${family.name}\``, `\`${name}\``, summary]),
  );
  return `## Families and presets

${listTable(['family', 'what it is, and when to use it', 'source'], families)}

${listTable(['family', 'preset', 'what it is'], presets)}`;
}

function describeParts(): string {
  const objectives = Object.entries(ADVERSARIAL_OBJECTIVES).map(([name, { source }]) => [`\`${name}\``, source]);
  const regularisers = Object.entries(REGULARISERS).map(([name, { source, usualWeight }]) => [
    `\`${name}\``,
    usualWeight === 0 ? '' : String(usualWeight),
    source,
  ]);
  return `Objectives and regularisers combine freely:

${listTable(['`--objective`', 'source'], objectives)}

${listTable(['`--regulariser`', 'usual weight', 'source'], regularisers)}`;
}

/** A table of texts, all to the left; a bar in a text is no end of a cell. */
function listTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((text) => text.replaceAll('|', '\\|')));
  return markdownTable(header, cells).replaceAll('--:', '---');
}
