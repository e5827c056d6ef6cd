/** A file in MuSiQue's own format. */
export function musiqueJsonl(rows: number): string {
  return Array.from({ length: rows }, (_, n) => JSON.stringify(musiqueRow(n))).join('\n');
}

/** Every second row is of triples only. */
function musiqueRow(n: number) {
  const paragraph = (idx: number, title: string, paragraph_text: string, is_supporting = true) => ({ idx, title, paragraph_text, is_supporting });
  const triple = n % 2 === 0;
  return {
    id: `3hop1__${n}`,
    question: `who led the land of town ${n}`,
    answer: `Reed${n}`,
    answer_aliases: [],
    answerable: true,
    question_decomposition: [
      { id: 3 * n, question: `Town ${n} >> land`, answer: `Land${n}`, paragraph_support_idx: 0 },
      { id: 3 * n + 1, question: triple ? `#1 >> capital ${n}` : `what is the capital ${n} of #1`, answer: `City${n}`, paragraph_support_idx: 1 },
      { id: 3 * n + 2, question: `#2 >> leader ${n}`, answer: `Reed${n}`, paragraph_support_idx: 2 },
    ],
    paragraphs: [
      paragraph(0, `Town ${n}`, `Town ${n} is in Land${n}.`),
      paragraph(1, `Land${n}`, `The capital of Land${n} is City${n}.`),
      paragraph(2, `City${n}`, `City${n} was led by Reed${n}.`),
      paragraph(3, 'Hill', `A hill is near town ${n + 1}.`, false),
    ],
  };
}
