/** Short messages that do not stop the work; an edit's has its undo. */
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { ServiceProblem } from "../api/problem";

const manager = Toast.createToastManager();

export interface Action {
  title: string;
  run(): void;
}

export function say(title: string, action?: Action): void {
  manager.add({
    title,
    timeout: action ? 8000 : 4000,
    actionProps: action ? { children: action.title, onClick: action.run } : undefined,
  });
}

let undoable: string | null = null;

/** Tells of an edit, with its undo. Undo takes the newest step back: an older message must not promise its own. */
export function sayEdited(title: string, undo: () => void): void {
  if (undoable !== null) manager.close(undoable);
  undoable = manager.add({ title, timeout: 8000, actionProps: { children: "Undo", onClick: undo } });
}

/** Tells of a failure until it is closed: what was tried, and the service's own words. */
export function sayFailure(tried: string, error: unknown, action?: Action): void {
  const hint = error instanceof ServiceProblem ? error.problem.hint : undefined;
  manager.add({
    title: `${tried} failed`,
    description: [error instanceof Error ? error.message : String(error), hint].filter(Boolean).join(". "),
    type: "bad",
    priority: "high",
    timeout: 0,
    actionProps: action ? { children: action.title, onClick: action.run } : undefined,
  });
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" data-type={toast.type}>
      <Toast.Content>
        <Toast.Title />
        <Toast.Description className="quiet" />
      </Toast.Content>
      <span className="push row-line">
        {toast.actionProps && <Toast.Action className="button" />}
        <Toast.Close className="button plain icon" aria-label="Close the message">
          <X size={14} aria-hidden />
        </Toast.Close>
      </span>
    </Toast.Root>
  ));
}
