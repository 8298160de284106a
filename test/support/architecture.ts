import { posix } from 'node:path';
import ts from 'typescript';

/** Source text by path from the project's root, with forward slashes. */
export type FileMap = Readonly<Record<string, string>>;

export interface ImportSite {
  readonly file: string;
  readonly specifier: string;
  readonly line: number;
}

/** Which rooms each room of src/ may import, directly; an entrance to no other room. */
const ARROWS = {
  base: [],
  tables: ['base'],
  graph: ['base'],
  runtime: ['graph', 'base'],
  models: ['graph', 'tables', 'base'],
  scoring: ['models', 'runtime', 'graph', 'tables', 'base'],
  training: ['models', 'runtime', 'graph', 'tables', 'base'],
  server: ['scoring', 'models', 'runtime', 'graph', 'tables', 'base'],
  demo: ['server', 'training', 'scoring', 'models', 'runtime', 'graph', 'tables', 'base'],
  doctor: ['server', 'models', 'runtime', 'graph', 'base'],
  'cli.ts': ['demo', 'doctor', 'server', 'training', 'scoring', 'models', 'runtime', 'graph', 'tables', 'base'],
} as const satisfies Record<string, readonly string[]>;

/** Foreign engines, each known to one file of src/ only. A name with a slash at its end stands for a whole scope. */
const ENGINES = [
  'onnxruntime-node',
  '@tensorflow/',
  'kafkajs',
  '@platformatic/kafka',
  'avsc',
  'prom-client',
  '@grpc/grpc-js',
  '@duckdb/node-api',
  '@opentelemetry/',
  'echarts',
] as const;

/** Every module that a file names: import, export from, import(), require(), require.resolve(), import.meta.resolve(). */
export function findImports(file: string, text: string): ImportSite[] {
  const source = parse(file, text);
  const sites: ImportSite[] = [];
  visit(source, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    sites.push({ file, specifier: specifier.text, line: lineOf(source, node) });
  });
  return sites;
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const candidate =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
        ? node.argument.literal
        : ts.isCallExpression(node) && /^(import|require|require\.resolve|import\.meta\.resolve)$/.test(calleeOf(node))
          ? node.arguments[0]
          : undefined;
  return candidate !== undefined && ts.isStringLiteralLike(candidate) ? candidate : undefined;
}

function calleeOf(node: ts.CallExpression): string {
  return node.expression.getText();
}

/** The room of a file: its folder under src/, or `cli.ts` for that file; undefined outside src/. */
function roomOf(path: string): string | undefined {
  const [root, room] = path.split('/');
  return root === 'src' ? room : undefined;
}

interface RoomImport extends ImportSite {
  readonly from: string;
  readonly to: string | undefined;
}

/** Relative imports of src/ that leave their room. */
function findRoomImports(files: FileMap): RoomImport[] {
  return sourceImports(files).flatMap((site) => {
    if (!site.specifier.startsWith('.')) return [];
    const from = roomOf(site.file) ?? '';
    const to = roomOf(posix.join(posix.dirname(site.file), site.specifier));
    return from === to ? [] : [{ ...site, from, to }];
  });
}

export function checkArrows(files: FileMap): string[] {
  const arrows: Readonly<Record<string, readonly string[]>> = ARROWS;
  const homeless = sourceFiles(files).filter((path) => !Object.hasOwn(arrows, roomOf(path) ?? ''));
  const upward = findRoomImports(files).filter(
    ({ from, to }) => to === undefined || arrows[from]?.includes(to) === false,
  );
  return [
    ...homeless.map((path) => `${path} is in no room: give its folder a row in the table of arrows`),
    ...upward.map(
      ({ file, line, specifier, from, to }) =>
        `${file}:${line} imports ${specifier}: ${from} may not import ${to ?? 'what is outside src'}`,
    ),
  ];
}

/** Rooms that import each other, directly or round a corner, as they are (whatever the table of arrows allows). */
export function checkRoomCycles(files: FileMap): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of findRoomImports(files)) {
    if (to !== undefined) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  }
  return [...targets.keys()]
    .filter((room) => reaches(targets, room, room))
    .map((room) => `${room} imports itself through other rooms`);
}

function reaches(targets: ReadonlyMap<string, ReadonlySet<string>>, start: string, goal: string): boolean {
  const seen = new Set<string>();
  const open = [...(targets.get(start) ?? [])];
  for (let room = open.pop(); room !== undefined; room = open.pop()) {
    if (room === goal) return true;
    if (seen.has(room)) continue;
    seen.add(room);
    open.push(...(targets.get(room) ?? []));
  }
  return false;
}

export function checkEngines(files: FileMap): string[] {
  return ENGINES.flatMap((engine) => {
    const importers = new Set(
      sourceImports(files)
        .filter((site) => isOf(engine, site.specifier))
        .map((site) => site.file),
    );
    if (importers.size === 1) return [];
    return [`${engine} has ${importers.size} importers instead of one: ${[...importers].join(', ') || 'none'}`];
  });
}

function isOf(engine: string, specifier: string): boolean {
  return specifier === engine || specifier.startsWith(engine.endsWith('/') ? engine : `${engine}/`);
}

export function checkLengths(files: FileMap, maxLines: number): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const lines = text.trimEnd().split('\n').length;
    return lines <= maxLines ? [] : [`${path} has ${lines} lines, more than ${maxLines}`];
  });
}

const FAMILIES_ROOM = 'src/models/families/';

/** Decisions outside the families' own room that are taken by a family's name. */
export function checkFamilyNames(files: FileMap, families: readonly string[]): string[] {
  return sourceFiles(files)
    .filter((path) => !path.startsWith(FAMILIES_ROOM))
    .flatMap((path) => {
      const source = parse(path, files[path] ?? '');
      const faults: string[] = [];
      visit(source, (node) => {
        if (!ts.isStringLiteralLike(node) || !families.includes(node.text) || !isDecision(node)) return;
        faults.push(
          `${path}:${lineOf(source, node)} decides by the family's name '${node.text}': ask the family instead`,
        );
      });
      return faults;
    });
}

/** Whether a literal is compared, matched, looked up, or a key of a table: everything but plain data, such as a default. */
function isDecision(literal: ts.StringLiteralLike): boolean {
  let node: ts.Node = literal;
  while (ts.isArrayLiteralExpression(node.parent) || ts.isParenthesizedExpression(node.parent)) node = node.parent;
  const { parent } = node;
  return (
    (ts.isBinaryExpression(parent) && EQUALITIES.has(parent.operatorToken.kind)) ||
    ts.isCaseClause(parent) ||
    ts.isElementAccessExpression(parent) ||
    ((ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === node) ||
    (ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent)) ||
    (ts.isCallExpression(parent) && /\.(includes|has|startsWith|endsWith|get)$/.test(calleeOf(parent)))
  );
}

const EQUALITIES: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

function sourceFiles(files: FileMap): string[] {
  return Object.keys(files).filter((path) => path.startsWith('src/') && path.endsWith('.ts'));
}

function sourceImports(files: FileMap): ImportSite[] {
  return sourceFiles(files).flatMap((path) => findImports(path, files[path] ?? ''));
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
