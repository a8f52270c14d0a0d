/** Asks for a token once where the service wants one. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { service } from "../api/client";
import { events } from "../api/events";
import { isStatus } from "../api/problem";
import { useSession } from "../api/queries";

export function TokenGate({ children }: { children: ReactNode }) {
  const session = useSession();
  if (isStatus(session.error, 401)) return <TokenForm />;
  return children;
}

function TokenForm() {
  const client = useQueryClient();
  const [token, setToken] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await service.POST("/v1/session", { body: { token: token.trim() } });
      events.reopen();
      await client.resetQueries();
    } catch (error) {
      setRefusal(isStatus(error, 401) ? "This token is not known, or has expired." : String((error as Error).message));
    }
  };
  return (
    <form className="gate" onSubmit={send}>
      <h1>This service asks for a token</h1>
      <p className="quiet">
        Make one with <code>veneer token new --role editor</code>. It is kept as a cookie that scripts cannot read.
      </p>
      <label className="labelled">
        <span>Token</span>
        <input
          className="field"
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-describedby={refusal ? "token-refusal" : undefined}
          aria-invalid={refusal !== null}
        />
      </label>
      {refusal && (
        <p id="token-refusal" role="alert" className="badge bad">
          {refusal}
        </p>
      )}
      <button type="submit" className="button first" disabled={token.trim() === ""}>
        Open
      </button>
    </form>
  );
}
