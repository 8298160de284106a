import { readFileSync } from 'node:fs';
import { z } from 'zod';

const numbers = z.array(z.number());
const goldenSchema = z.strictObject({
  madeBy: z.string(),
  /** Files that can be read, as base64, with their pixels [height, width, 3]. */
  good: z.record(
    z.string(),
    z.strictObject({ file: z.string(), width: z.number(), height: z.number(), rgb: numbers, tolerance: z.number() }),
  ),
  bad: z.record(z.string(), z.string()),
  warps: z.record(z.enum(['image', 'theta', 'border', 'mirror', 'cells', 'enlarged']), numbers),
});

/** What test/golden/make_images.py writes. */
export function readGoldenImages() {
  const text = readFileSync(new URL('../golden/images.json', import.meta.url), 'utf8');
  return goldenSchema.parse(JSON.parse(text));
}
