/** Keeps a fault of one region from taking the page with it, and says what it was. */
import { Component, type ErrorInfo, type ReactNode } from "react";

interface Props {
  what: string;
  children: ReactNode;
}

export class FaultBoundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className="state failure" role="alert">
        <div>
          <h2>{this.props.what} failed</h2>
          <p>{error instanceof Error ? error.message : String(error)}</p>
          <p className="quiet">This is a fault of the page. Edits are safe in the draft on the service.</p>
        </div>
        <button type="button" className="button push" onClick={() => this.setState({ error: null })}>
          Try again
        </button>
      </div>
    );
  }
}
