/** How the page looks and which keys it takes, and what it is made of. */
import "./pages.css";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { author, setAuthor } from "../api/author";
import { service } from "../api/client";
import { useAbout, useSession } from "../api/queries";
import { areSingleKeysOff, remap, remapped, setSingleKeysOff } from "../app/commands";
import { Answered } from "../parts/states";
import { sayFailure } from "../parts/toasts";
import { type Density, setDensity, setTheme, type ThemeChoice, useTheme } from "../theme/theme";

export default function Settings() {
  return (
    <div className="sheet-page">
      <h1>Settings</h1>
      <Look />
      <Person />
      <Keyboard />
      <AboutService />
    </div>
  );
}

function Look() {
  const { choice, density } = useTheme();
  return (
    <section className="card">
      <h2>Look</h2>
      <div className="card-body row-line">
        <label className="labelled">
          <span>Theme</span>
          <select className="field" value={choice} onChange={(event) => setTheme(event.target.value as ThemeChoice)}>
            <option value="system">as the system</option>
            <option value="dark">dark</option>
            <option value="light">light</option>
          </select>
        </label>
        <label className="labelled">
          <span>Rows</span>
          <select className="field" value={density} onChange={(event) => setDensity(event.target.value as Density)}>
            <option value="normal">normal</option>
            <option value="compact">compact</option>
          </select>
        </label>
      </div>
    </section>
  );
}

function Person() {
  const client = useQueryClient();
  const session = useSession();
  const [name, setName] = useState(author());
  const user = session.data?.user ?? null;
  // Without a token the service takes the name that it is told.
  const isProven = user !== null && user !== "dashboard" && user !== author();
  const leave = async () => {
    try {
      await service.DELETE("/v1/session");
      await client.resetQueries();
    } catch (error) {
      sayFailure("Leaving", error);
    }
  };
  return (
    <section className="card">
      <h2>You</h2>
      <div className="card-body row-line">
        {isProven ? (
          <>
            <span>
              {session.data?.user}, {session.data?.role}
            </span>
            <button type="button" className="button push" onClick={() => void leave()}>
              Forget the token
            </button>
          </>
        ) : (
          <label className="labelled">
            <span>Your name, for drafts and commits</span>
            <input
              className="field"
              value={name}
              placeholder="dashboard"
              onChange={(event) => setName(event.target.value)}
              onBlur={() => {
                if (name.trim() === author()) return;
                setAuthor(name);
                void client.invalidateQueries();
              }}
            />
          </label>
        )}
      </div>
    </section>
  );
}

function Keyboard() {
  const [, redraw] = useState(0);
  const [isOff, setOff] = useState(areSingleKeysOff());
  const changed = remapped();
  return (
    <section className="card">
      <h2>Keys</h2>
      <div className="card-body">
        <label className="row-line">
          <input
            type="checkbox"
            checked={isOff}
            onChange={() => {
              setSingleKeysOff(!isOff);
              setOff(!isOff);
            }}
          />
          Switch off keys of a single letter, digit or sign
        </label>
        <p className="quiet">
          On any page <kbd>?</kbd> shows the keys that work there, and changes them.
          {Object.keys(changed).length > 0 && " These were changed:"}
        </p>
        <div className="key-fields">
          {Object.entries(changed).map(([id, keys]) => (
            <div key={id} className="key-line">
              <span>{id}</span>
              <span className="row-line">
                <kbd>{keys}</kbd>
                <button
                  type="button"
                  className="button"
                  onClick={() => {
                    remap(id, null);
                    redraw((now) => now + 1);
                  }}
                >
                  Give back
                </button>
              </span>
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

function AboutService() {
  const about = useAbout();
  return (
    <section className="card">
      <h2>About</h2>
      <Answered asked={about} what="The service">
        {({ version, read_only: _, ...facts }) => (
          <div className="card-body">
            <p>Veneer {version}. It sends nothing to anybody: no telemetry, no request to another host.</p>
            <dl className="fields">
              {Object.entries(facts)
                .filter(
                  ([, value]) => typeof value === "string" || typeof value === "number" || typeof value === "boolean",
                )
                .map(([name, value]) => (
                  <div key={name}>
                    <dt>{name.replaceAll("_", " ")}</dt>
                    <dd>{String(value)}</dd>
                  </div>
                ))}
            </dl>
            <p>
              <a className="button" href="/third-party.txt">
                Licences of what this page is made of
              </a>
            </p>
          </div>
        )}
      </Answered>
    </section>
  );
}
