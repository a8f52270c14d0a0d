/** Says that the service is away, with its address, and that nothing is lost. */
import { Unplug } from "lucide-react";
import { useSyncExternalStore } from "react";
import { events } from "../api/events";

export function ServiceBanner() {
  const isOpen = useSyncExternalStore(
    (changed) => events.onState(changed),
    () => events.isOpen,
  );
  if (isOpen) return null;
  return (
    <div className="banner" role="alert">
      <Unplug size={16} aria-hidden />
      <span>
        <strong>{window.location.host}</strong> does not answer. This page connects again by itself; what was edited is
        kept in the draft on the service.
      </span>
      <button type="button" className="button push" onClick={() => events.reopen()}>
        Connect now
      </button>
    </div>
  );
}
