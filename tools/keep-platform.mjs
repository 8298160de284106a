// Deletes the native libraries of other platforms than this one from the packages that ship all of them.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of PLATFORM/ARCHITECTURE. */
const BUNDLES = ['node_modules/onnxruntime-node/bin/napi-v6'];

for (const bundle of BUNDLES) {
  const kept = join(bundle, process.platform, process.arch);
  if (!existsSync(kept))
    throw new Error(`${kept} is not there: the package has another layout, or nothing for this platform`);
  for (const platform of readdirSync(bundle)) {
    for (const architecture of readdirSync(join(bundle, platform))) {
      const folder = join(bundle, platform, architecture);
      if (folder !== kept) rmSync(folder, { recursive: true });
    }
  }
}
