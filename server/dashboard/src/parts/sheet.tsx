/** A dialog: a title, a body, and Escape closes it. */
import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";

interface Props {
  title: string;
  isOpen: boolean;
  isWide?: boolean;
  onClose(): void;
  children: ReactNode;
}

export function Sheet({ title, isOpen, isWide, onClose, children }: Props) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-shade" />
        <Dialog.Popup className={isWide ? "dialog wide" : "dialog"}>
          <div className="row-line sheet-head">
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="button plain icon push" aria-label="Close">
              <X size={16} aria-hidden />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
