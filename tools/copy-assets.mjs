// Second half of the build: what tsc leaves behind (pages, styles, scripts of other languages) goes to the same place in dist/.
import { cpSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
cpSync(resolve(ROOT, 'src'), resolve(ROOT, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.ts') });
