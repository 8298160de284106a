import { markdownTable } from '../support/documents.ts';
import { DIRAC_GAMES, DIRAC_TEXTS, type DiracName } from './dirac-games.ts';
import { DIRAC_TIMES, DIRAC_WINDOW, type FamiliesResult } from './result.ts';

/** The part of docs/families.md on convergence. */
export function describeDirac(distances: FamiliesResult['dirac']): string {
  const rows = (Object.keys(DIRAC_GAMES) as DiracName[]).map((name) => {
    const { title, theory } = DIRAC_TEXTS[name];
    return [title, theory, ...distances[name].map((distance) => distance.toPrecision(2))];
  });
  return `## Does it converge? The Dirac-GAN

All data at 0, a generator that puts its rows at θ, a critic f(x) = ψx, gradient descent with steps h = 0.1: the one equilibrium is θ = ψ = 0
(Mescheder, Geiger and Nowozin 2018, section 2). The game is played by the code that trains every family, and goes as the paper's figure 3 has it;
\`test/numerics/dirac-gan.test.ts\` holds it to the rates in the table. WGAN and WGAN-GP take five updates of the critic for each of the generator;
c = 1, λ = 0.25, σ = 0.7, γ = 0.3 and 1. Consensus optimisation, which the figure has too, is not in this project.

![Paths of the Dirac-GAN in the plane of theta and psi](images/families-dirac.svg)

The last columns are the largest distance from the equilibrium in the ${DIRAC_WINDOW} updates before the ${DIRAC_TIMES.join('th and the ')}th.

${markdownTable(['game', 'theory', ...DIRAC_TIMES.map((time) => `by ${time}`)], rows)}

So a critic that nothing holds need not converge, nor does one by clipping or by the two-sided penalty: what converges is a penalty centred at
zero, or noise.`;
}
