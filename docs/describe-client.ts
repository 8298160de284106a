import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const FOLDER = join(import.meta.dirname, '../clients/typescript/src');

/** The declarations of the TypeScript client that its package exports, with their comments, in the order of its index.ts. */
export function describeClient(made: string): string {
  const files = exportsOf(readFileSync(join(FOLDER, 'index.ts'), 'utf8'));
  const chapters = [...files].map(([file, names]) => {
    const declared = declarationsOf(readFileSync(join(FOLDER, file), 'utf8'));
    const texts = names.map((name) => {
      const text = declared.get(name);
      if (text === undefined) throw new Error(`${file} declares no ${name}, which index.ts exports`);
      return text;
    });
    return [`## ${file.replace(/\.ts$/, '')}`, '', '```ts', texts.join('\n\n'), '```'].join('\n');
  });
  return [
    '# The client in TypeScript',
    `${made} What \`clients/typescript\` exports; its [README](../../clients/typescript/README.md) shows it at work. Types whose names end with \`__Output\` are messages of
[the gRPC API](grpc.md), with their fields in camelCase.`,
    ...chapters,
  ].join('\n\n');
}

/** Exported names by the file that they are from. */
function exportsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const { statements } = ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest);
  return new Map(
    statements.filter(ts.isExportDeclaration).map(({ moduleSpecifier, exportClause }) => {
      if (
        moduleSpecifier === undefined ||
        !ts.isStringLiteral(moduleSpecifier) ||
        !exportClause ||
        !ts.isNamedExports(exportClause)
      )
        throw new Error('index.ts is expected to export names of files alone');
      return [moduleSpecifier.text.replace('./', ''), exportClause.elements.map(({ name }) => name.text)];
    }),
  );
}

/** The text of each declaration of a file, by its name: without bodies, and as the compiler gives it to those who import it. */
function declarationsOf(text: string): ReadonlyMap<string, string> {
  const { outputText } = ts.transpileDeclaration(text, { compilerOptions: { strict: true } });
  const source = ts.createSourceFile('file.d.ts', outputText, ts.ScriptTarget.Latest, true);
  const found = new Map<string, string>();
  for (const statement of source.statements) {
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name.getText())
      : [(statement as Partial<ts.DeclarationStatement>).name?.getText() ?? ''];
    for (const name of names) found.set(name, statement.getFullText().trim());
  }
  return found;
}
