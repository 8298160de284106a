import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { expect } from '@jest/globals';
import { useDataFolder } from '../support/data-files.ts';
import { needs, pythonPath, type Need } from '../support/needs.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const serve = createServeFixture();
const data = useDataFolder();

interface Snippet {
  readonly language: string;
  readonly needs: readonly Need[];
  /** The program; the comment at its head has the commands that build and run it. */
  readonly program: string;
  /** A command's line in that comment. */
  readonly command: RegExp;
  /** Compilers and their packages may be fetched and built first. */
  readonly minutes: number;
}

const SNIPPETS: readonly Snippet[] = [
  {
    language: 'python',
    needs: ['python:grpc_tools'],
    program: 'score.py',
    command: /^ {4}(python .*)$/gm,
    minutes: 2,
  },
  { language: 'go', needs: ['go'], program: 'main.go', command: /^\/\/\t(.*)$/gm, minutes: 8 },
  {
    language: 'java',
    needs: ['javac', 'mvn'],
    program: 'src/main/java/aristarch/example/Score.java',
    command: /^ \* ((?:mvn|java) .*)$/gm,
    minutes: 8,
  },
];

for (const { language, needs: what, program, command, minutes } of SNIPPETS) {
  const need = needs(...what);
  need.it(
    `clients/${language}: the program is built and run by the commands at its head, and prints what the service answers`,
    async () => {
      const { addresses } = await serve();
      // A project of its own, so that nothing is left in this one; the compilers' caches are the machine's.
      const home = data.path(language);
      const folder = join(home, 'clients', language);
      await mkdir(home);
      const isSource = (path: string) => !/\/(aristarchv1|target|aristarch)$/.test(path) || path.includes('src/main');
      await cp(join(ROOT, 'clients', language), folder, { recursive: true, filter: isSource });
      for (const name of ['proto', 'node_modules']) await symlink(join(ROOT, name), join(home, name));

      const commands = [...(await readFile(join(folder, program), 'utf8')).matchAll(command)].map(([, line]) => line!);
      expect(commands.length).toBeGreaterThanOrEqual(2);
      expect(commands.at(-1)).toMatch(/ localhost:50051$/);
      const script = commands
        .join('\n')
        .replace('localhost:50051', addresses.grpc)
        .replace(/^python /gm, '"$PYTHON" ');
      const env = { ...process.env, PYTHON: pythonPath() };
      const options = { cwd: folder, env, timeout: minutes * 60_000 - 5_000, maxBuffer: 2 ** 24 };
      const run = (lines: string) => promisify(execFile)('bash', ['-euo', 'pipefail', '-c', lines], options);
      const { stdout } = await run(script);
      // The double's score is the amount, calibrated on 999 scores 0.01, 0.02, ... 9.99.
      // Maven resets the terminal's colours even where there is none.
      expect(stripVTControlCharacters(stdout)).toBe(
        'score 129.90, p-value 0.001, anomalous: true\nscore 1.50, p-value 0.851, anomalous: false\n',
      );

      // Without an address, and refused: a sentence each, and no trace of the program's own.
      const last = script.split('\n').at(-1)!;
      const told = (line: string) => run(line).then(String, (thrown: unknown) => (thrown as { stderr: string }).stderr);
      expect(await told(last.replace(` ${addresses.grpc}`, ''))).toMatch(/^usage: .* localhost:50051\n/);
      const refused = await told(last.replace(addresses.grpc, addresses.http));
      expect(refused).toMatch(/UNAVAILABLE|INTERNAL|Unavailable|UNKNOWN/);
      expect(refused).not.toMatch(/Traceback|Exception in|goroutine/);
    },
    minutes * 60_000,
  );
}
