/** Type to find a command, a dataset or a run. */
import { Combobox } from "@base-ui/react/combobox";
import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { runsOptions, useDatasets } from "../api/queries";
import { allCommands, keysOf, useRegistry } from "./commands";
import { Keys } from "./key-sheet";
import { navigate } from "./location";
import { to } from "./routes";

interface Item {
  id: string;
  label: string;
  group: string;
  keys: string;
  run(): void;
}

export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-shade" />
        <Dialog.Popup className="dialog palette" aria-label="Search or run a command">
          <PaletteList onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function PaletteList({ onClose }: { onClose(): void }) {
  const { layers } = useRegistry();
  const datasets = useDatasets().data ?? [];
  const runs = useQuery(runsOptions()).data ?? [];
  const items: Item[] = [
    ...allCommands(layers)
      .filter(({ hidden }) => !hidden)
      .map((command) => ({
        id: command.id,
        label: command.title,
        group: command.group,
        keys: keysOf(command),
        run: command.run,
      })),
    ...datasets.map(({ name }) => ({
      id: `dataset ${name}`,
      label: `Open ${name}`,
      group: "Dataset",
      keys: "",
      run: () => navigate(to.workspace(name, "main")),
    })),
    ...runs.map((run) => ({
      id: `run ${run.name}`,
      label: `Open run ${run.name}`,
      group: "Run",
      keys: "",
      run: () => navigate(to.run(run, run.revision ?? "main")),
    })),
  ];
  const choose = (item: Item | null) => {
    if (!item) return;
    onClose();
    // After the dialog has given the focus back.
    setTimeout(item.run, 0);
  };
  return (
    <Combobox.Root
      items={items}
      inline
      open
      autoHighlight
      itemToStringLabel={(item: Item) => item.label}
      onValueChange={(item) => choose(item as Item | null)}
    >
      <Combobox.Input
        className="field palette-input"
        placeholder="Search or run a command"
        aria-label="Search or run a command"
      />
      <Combobox.Empty className="palette-empty quiet">Nothing has this name.</Combobox.Empty>
      <Combobox.List className="palette-list">
        {(item: Item) => (
          <Combobox.Item key={item.id} value={item} className="menu-item">
            <span>{item.label}</span>
            <span className="push quiet">{item.keys ? <Keys text={item.keys} /> : item.group}</span>
          </Combobox.Item>
        )}
      </Combobox.List>
    </Combobox.Root>
  );
}
