import { DockerfileParser } from 'dockerfile-ast';

/** One instruction of a Dockerfile, as far as its steps go. */
export type Step =
  | { readonly kind: 'workdir'; readonly folder: string }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'env'; readonly values: Readonly<Record<string, string>> }
  /** Of the whole file, with its default, which the stage's steps may use. */
  | { readonly kind: 'argument'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'copy';
      readonly from: string | undefined;
      readonly sources: readonly string[];
      readonly to: string;
    };

export interface Stage {
  readonly name: string;
  /** With the defaults of the file's arguments. */
  readonly base: string;
  readonly steps: readonly Step[];
}

export interface Dockerfile {
  readonly stages: readonly Stage[];
  /** Of the last stage. */
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

type Instruction = ReturnType<ReturnType<typeof DockerfileParser.parse>['getInstructions']>[number];

/** Instructions that change what a container is like, and no file in it. */
const WITHOUT_STEPS = ['ARG', 'LABEL', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD', 'STOPSIGNAL'];

/** Reads a Dockerfile. Throws for an instruction whose step nobody has written down here. */
export function parseDockerfile(text: string): Dockerfile {
  const defaults: Record<string, string> = {};
  const stages: { name: string; base: string; steps: Step[] }[] = [];
  let described: Instruction[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const keyword = instruction.getKeyword();
    const words = instruction.getArguments().map((argument) => argument.getValue());
    if (keyword === 'FROM') {
      const [image = '', , name] = words;
      const base = image.replace(/\$\{(\w+)\}/g, (_, variable: string) => defaults[variable] ?? '');
      stages.push({ name: name ?? String(stages.length), base, steps: [] });
      described = [];
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) Object.assign(defaults, pairsOf(words));
    else if (keyword === 'ARG' && defaults[words[0]!] !== undefined)
      stage.steps.push({ kind: 'argument', name: words[0]!, value: defaults[words[0]!]! });
    else if (WITHOUT_STEPS.includes(keyword)) described.push(instruction);
    else stage.steps.push(toStep(keyword, words, instruction));
  }
  const last = (keyword: string) => described.find((instruction) => instruction.getKeyword() === keyword);
  const wordsOf = (keyword: string) =>
    last(keyword)
      ?.getArguments()
      .map((argument) => argument.getValue()) ?? [];
  return {
    stages,
    user: wordsOf('USER')[0],
    entrypoint: JSON.parse(last('ENTRYPOINT')?.getArgumentsContent() ?? '[]') as string[],
    labels: pairsOf(wordsOf('LABEL')),
  };
}

function toStep(keyword: string, words: readonly string[], instruction: Instruction): Step {
  switch (keyword) {
    case 'WORKDIR':
      return { kind: 'workdir', folder: words[0]! };
    case 'RUN':
      return { kind: 'run', command: instruction.getArgumentsContent()! };
    case 'ENV':
      return { kind: 'env', values: pairsOf(words) };
    case 'COPY': {
      const from = /--from=(\S+)/.exec(instruction.getTextContent())?.[1];
      const paths = words.filter((word) => !word.startsWith('--'));
      return { kind: 'copy', from, sources: paths.slice(0, -1), to: paths.at(-1)! };
    }
    default:
      throw new Error(`there is no step for ${keyword}: write it down in deploy/image/dockerfile.ts`);
  }
}

function pairsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [name = '', ...value] = word.split('=');
      return [name, value.join('=').replace(/^"(.*)"$/, '$1')];
    }),
  );
}
