import ts from 'typescript';
import type { FileMap } from './architecture.ts';

/**
 * The texts of the calls of a log, and of errors, whose messages the log repeats; of a template each piece by itself. A name
 * stands for the text that a constant gives it, in the same file or, where it is written in capitals, in any.
 */
export function findLogTexts(files: FileMap): string[] {
  const sources = Object.entries(files).map(([path, text]) =>
    ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true),
  );
  const everywhere = findConstants(sources, (name) => /^[A-Z_]+$/.test(name));
  return sources.flatMap((source) => {
    const constants = new Map([...everywhere, ...findConstants([source], () => true)]);
    return argumentsOf(source).flatMap((argument) => textsIn(argument, constants));
  });
}

function findConstants(sources: readonly ts.Node[], isWanted: (name: string) => boolean): Map<string, ts.Node[]> {
  const constants = new Map<string, ts.Node[]>();
  for (const source of sources)
    visit(source, (node) => {
      if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || node.initializer === undefined) return;
      const { text: name } = node.name;
      if (isWanted(name)) constants.set(name, [...(constants.get(name) ?? []), node.initializer]);
    });
  return constants;
}

function argumentsOf(source: ts.SourceFile): ts.Node[] {
  const found: ts.Node[] = [];
  visit(source, (node) => {
    if (ts.isCallExpression(node) && isLog(node.expression)) found.push(...node.arguments);
    if (ts.isNewExpression(node) && node.expression.getText() === 'AristarchError') found.push(node.arguments![1]!);
  });
  return found;
}

/** `log.warn`, `parts.log.warn`, `this.#log.warn`, `log[level]`. */
function isLog(callee: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return false;
  return /(^|[.#])log$/.test(callee.expression.getText());
}

/** `within`: the names whose texts are looked at, since one may be made of itself. */
function textsIn(
  root: ts.Node,
  constants: ReadonlyMap<string, readonly ts.Node[]>,
  within: readonly string[] = [],
): string[] {
  const texts: string[] = [];
  visit(root, (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      texts.push(node.text);
    if (!ts.isIdentifier(node) || within.includes(node.text)) return;
    const values = (constants.get(node.text) ?? []).filter(isText);
    texts.push(...values.flatMap((value) => textsIn(value, constants, [...within, node.text])));
  });
  return texts;
}

/** And no call, whose arguments are no words of the log. */
function isText(value: ts.Node): boolean {
  return ts.isStringLiteralLike(value) || ts.isTemplateExpression(value) || ts.isBinaryExpression(value);
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}
