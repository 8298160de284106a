import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Blocks, createNeeds, type Need, needs, optionalNeeds } from './needs.ts';

interface Registered {
  readonly block: keyof Blocks;
  readonly name: string;
  readonly body: () => unknown;
}

/** Blocks that only write down what was registered. */
function createRecorder(): { readonly blocks: Blocks; readonly registered: Registered[] } {
  const registered: Registered[] = [];
  const record = (block: keyof Blocks) => (name: string, body: () => unknown) => {
    registered.push({ block, name, body });
  };
  const blocks: Blocks = {
    describe: record('describe'),
    describeSkipped: record('describeSkipped'),
    it: record('it'),
    itSkipped: record('itSkipped'),
  };
  return { blocks, registered };
}

const without =
  (...absent: Need[]) =>
  (need: Need): string | undefined =>
    absent.includes(need) ? `no ${need}: install ${need}` : undefined;

const body = (): void => undefined;

describe('a guard with all that it needs', () => {
  it('registers tests and blocks as they are', () => {
    const { blocks, registered } = createRecorder();
    const need = createNeeds(['java'], { probe: without(), requireAll: true, blocks });
    need.describe('group', body);
    need.it('test', body);
    expect(need).toMatchObject({ available: true, reason: '' });
    expect(registered).toEqual([
      { block: 'describe', name: 'group', body },
      { block: 'it', name: 'test', body },
    ]);
  });
});

describe('a guard that lacks something', () => {
  it('skips, with every reason in the title', () => {
    const { blocks, registered } = createRecorder();
    const need = createNeeds(['java', 'mvn', 'python'], { probe: without('java', 'mvn'), requireAll: false, blocks });
    need.describe('group', body);
    need.it('test', body);
    expect(need.available).toBe(false);
    expect(registered.map(({ block, name }) => [block, name])).toEqual([
      ['describeSkipped', 'group (skipped: no java: install java; no mvn: install mvn)'],
      ['itSkipped', 'test (skipped: no java: install java; no mvn: install mvn)'],
    ]);
  });

  it('fails when everything is required, and says what to install', () => {
    const { blocks, registered } = createRecorder();
    const need = createNeeds(['java', 'shared'], { probe: without('java', 'shared'), requireAll: true, blocks });
    need.it('test', body);
    need.describe('group', body);
    registered[1]?.body();
    expect(registered.map(({ block }) => block)).toEqual(['it', 'describe', 'it']);
    expect(registered[0]?.body).toThrow('cannot run: no java: install java; no shared: install shared');
    expect(registered[2]?.body).toThrow('no java: install java');
  });

  it('lets TensorFlow be absent where no library is made for the platform', () => {
    expect(optionalNeeds('linux', 'x64')).not.toContain('tensorflow');
    const { blocks, registered } = createRecorder();
    const optional = optionalNeeds('darwin', 'arm64');
    createNeeds(['tensorflow'], { probe: without('tensorflow'), requireAll: true, blocks, optional }).it('t', body);
    expect(registered.map(({ block }) => block)).toEqual(['itSkipped']);
  });

  it.each<Need>(['shared', 'gpu'])('skips even then when only %s is absent, which no registry has', (optional) => {
    const { blocks, registered } = createRecorder();
    createNeeds([optional], { probe: without(optional), requireAll: true, blocks }).it('test', body);
    expect(registered.map(({ block }) => block)).toEqual(['itSkipped']);
  });
});

describe('the probes of this machine', () => {
  const saved = { ...process.env };
  const NAMES = [
    'REQUIRE_ALL',
    'ARISTARCH_PYTHON',
    'ARISTARCH_CHROMIUM',
    'ARISTARCH_VK_ICD',
    'ARISTARCH_TOOLS',
    'PATH',
  ];
  beforeEach(() => {
    process.env['REQUIRE_ALL'] = '0';
    process.env['ARISTARCH_PYTHON'] = '/nowhere/python';
    process.env['ARISTARCH_CHROMIUM'] = '/nowhere/chromium';
    process.env['ARISTARCH_VK_ICD'] = '/nowhere/icd.json';
    process.env['ARISTARCH_TOOLS'] = '/nowhere/tools';
    process.env['PATH'] = '/nowhere';
  });
  afterEach(() => {
    for (const name of NAMES) {
      if (saved[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = saved[name];
    }
  });

  it.each<[Need, string]>([
    ['java', 'no `java` runs'],
    ['mvn', 'no `mvn` on PATH'],
    ['broker', 'no `java` runs'],
    ['python', 'no `/nowhere/python` runs'],
    ['python:numpy', 'no `/nowhere/python` runs'],
    ['chromium', 'no `/nowhere/chromium`'],
    ['swiftshader', 'no /nowhere/icd.json'],
    ['gpu', 'no NVIDIA GPU'],
    ['tool:helm3', 'no `helm3`: .ci/go-tools.sh'],
  ])('find no %s on an empty PATH', (need, reason) => {
    expect(needs(need).available).toBe(false);
    expect(needs(need).reason).toContain(reason);
  });

  it('find a program that is there, and say which module a Python lacks', () => {
    process.env['PATH'] = saved['PATH'];
    process.env['ARISTARCH_CHROMIUM'] = process.execPath;
    expect(needs('chromium').available).toBe(true);
    process.env['ARISTARCH_PYTHON'] = saved['ARISTARCH_PYTHON'] ?? 'python3';
    if (!needs('python').available) return;
    expect(needs('python:json').available).toBe(true);
    expect(needs('python:no_such_module').reason).toContain('-m pip install no_such_module');
  });
});
