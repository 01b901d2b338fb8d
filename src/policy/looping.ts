/** From this share on it is said. */
const MANY = 0.25;

/** Shares of a look's answers. */
export interface Looked {
  readonly looping: number;
  readonly truncated: number;
}

/** A sentence about answers that loop or are cut off, null where there are few. */
export function loopingSaid({ looping, truncated }: Looked, where: string, cutOff: string): string | null {
  if (Math.max(looping, truncated) < MANY) return null;
  const percent = (x: number): string => `${(100 * x).toFixed(0)}%`;
  return (
    `${where}: ${percent(truncated)} of the answers are cut off at ${cutOff}, ${percent(looping)} go round in circles (more than half of their 4-grams repeat). ` +
    "Such answers are wrong and make no pair. Chains that are longer than the cut-off want a higher one; else the chains taught no end: more of them, or a lower learning rate, may."
  );
}

/**
 * Says it of the looks at dev of a supervised stage as they come: before the first step of what it starts from, after that
 * once. What the base does before anything is learnt says nothing of what training does to it.
 */
export function loopingTeller(
  say: (sentence: string) => void,
  title: string,
  cutOff: string,
): (found: Looked, step: number) => void {
  let told = false;
  return (found, step) => {
    if (told) return;
    const where = step === 0 ? "dev before the first step" : `dev after ${step} step${step === 1 ? "" : "s"}`;
    const sentence = loopingSaid(found, `${title}, ${where}`, cutOff);
    if (sentence !== null) say(sentence);
    told = step > 0 && sentence !== null;
  };
}
