/** The classes of the label: renamed, merged and added; of ten thousand a search finds the one. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Edit } from "../api/contract";
import { groupsOptions } from "../api/queries";
import { count, counted } from "../parts/amounts";
import { ClassOptions } from "../parts/class-options";
import { LongList } from "../parts/long-list";
import { SearchField } from "../parts/search-field";
import { say } from "../parts/toasts";
import { CLASSES_MAX, labelColumn } from "./columns";
import { useWorkspace } from "./context";
import { useEditing } from "./editing";
import { useClasses } from "./label-keys";

const LINE_PX = 38;
/** From so many classes on nobody finds one by looking. */
const SEARCHED = 12;

export default function ClassSheet() {
  const { at, version, table } = useWorkspace();
  const editing = useEditing();
  const classes = useClasses();
  const label = labelColumn(table);
  const groups = useQuery({
    ...groupsOptions(at, version, label?.name ?? "", undefined, undefined, CLASSES_MAX),
    enabled: label !== null,
  });
  const counts = new Map((groups.data?.values ?? []).map((group) => [String(group.value), group.count]));
  const [name, setName] = useState("");
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = wanted === "" ? classes : classes.filter((one) => one.name.toLowerCase().includes(wanted));
  const isMapped = (label?.role.classes?.length ?? 0) > 0;
  const unlisted = isMapped ? 0 : Math.max(0, (groups.data?.distinct ?? 0) - classes.length);
  const add = (event: FormEvent) => {
    event.preventDefault();
    const edit: Edit = { kind: "class-add", table: table.name, name: name.trim() };
    void editing.apply([edit], `Added the class ${name.trim()}`).then((done) => done && setName(""));
  };
  return (
    <>
      {classes.length > SEARCHED && (
        <SearchField
          label="Search the classes"
          placeholder={`Search ${counted(classes.length, "class", "classes")}`}
          value={search}
          onChange={setSearch}
        />
      )}
      <p className="class-line quiet" aria-hidden>
        <span>Class</span>
        <span className="number">Rows</span>
        <span>Rename</span>
        <span>Merge into</span>
      </p>
      <LongList items={shown} itemHeight={LINE_PX} keyOf={({ value }) => value} className="class-lines" label="Classes">
        {(one) => <ClassLine key={one.value + one.name} {...one} rows={counts.get(one.value) ?? 0} others={classes} />}
      </LongList>
      {shown.length === 0 && <p className="quiet">No class has “{search}” in its name.</p>}
      {unlisted > 0 && <p className="quiet">{counted(unlisted, "rarer class is", "rarer classes are")} not listed.</p>}
      <form className="row-line class-add" onSubmit={add}>
        <input
          className="field"
          aria-label="Name of a new class"
          placeholder="new class"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" className="button" disabled={name.trim() === ""}>
          Add the class
        </button>
      </form>
    </>
  );
}

interface ClassLineProps {
  value: string;
  name: string;
  rows: number;
  others: { value: string; name: string }[];
}

function ClassLine({ value, name, rows, others }: ClassLineProps) {
  const { table } = useWorkspace();
  const editing = useEditing();
  const [text, setText] = useState(name);
  const rename = () => {
    const next = text.trim();
    if (next === "" || next === name) return;
    void editing.apply(
      [{ kind: "class-rename", table: table.name, from: name, to: next }],
      `Renamed ${name} to ${next}`,
    );
  };
  return (
    <div className="class-line">
      <bdi className="class-name" title={name}>
        {name}
      </bdi>
      <span className="number" title={counted(rows, "row")}>
        {count(rows)}
      </span>
      <input
        className="field"
        aria-label={`New name of ${name}`}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={rename}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      <Merge value={value} name={name} others={others} />
    </div>
  );
}

function Merge({ value, name, others }: Omit<ClassLineProps, "rows">) {
  const { table } = useWorkspace();
  const editing = useEditing();
  const [text, setText] = useState("");
  const [isHere, setHere] = useState(false);
  const list = `merge-${value}`;
  const into = isHere ? others.find((one) => one.name === text.trim() && one.value !== value) : undefined;
  const merge = (event: FormEvent) => {
    event.preventDefault();
    if (!into) return say(`There is no other class “${text.slice(0, 60)}”`);
    const edit: Edit = { kind: "class-merge", table: table.name, from: [name], into: into.name };
    void editing.apply([edit], `Merged ${name} into ${into.name}`);
  };
  return (
    <form
      className="row-line tight"
      onSubmit={merge}
      onFocus={() => setHere(true)}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setHere(false)}
    >
      <input
        className="field"
        aria-label={`Merge ${name} into`}
        placeholder="another class"
        list={isHere ? list : undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {/* Only the line that is written in has names to choose from. */}
      {isHere && (
        <ClassOptions
          id={list}
          names={others.filter((one) => one.value !== value).map((one) => one.name)}
          text={text}
        />
      )}
      <button type="submit" className="button" disabled={!into}>
        Merge
      </button>
    </form>
  );
}
