/** The worker's door: takes asks in order, and moves what can be moved back. */
import { Compute } from "./compute";
import type { Answer, Ask } from "./protocol";

interface Scope {
  onmessage: ((event: MessageEvent<Ask>) => void) | null;
  postMessage(answer: Answer, transfer: Transferable[]): void;
}

const scope = self as unknown as Scope;
const compute = new Compute();

scope.onmessage = ({ data }) => {
  let answer: Answer | undefined;
  try {
    answer = compute.answer(data);
  } catch (error) {
    if (!("id" in data)) throw error;
    answer = { id: data.id, error: String(error) };
  }
  if (answer) scope.postMessage(answer, moved(answer));
};

function moved(answer: Answer): Transferable[] {
  if ("pixels" in answer) return [answer.pixels];
  if ("mask" in answer) return [answer.mask.buffer];
  return [];
}
