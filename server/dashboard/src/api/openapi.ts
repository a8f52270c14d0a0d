/** Made of server/openapi.json by `npm run client`; not to be edited. */
import type { Cell } from "./cell";

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells that the process lives; it looks at nothing. */
        get: operations["is_alive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells how many requests there were, and how long they took. */
        get: operations["show_service_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells that the store can be read. */
        get: operations["is_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells versions, licences, the store, and who the caller is. */
        get: operations["about"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stores objects and swaps refs: all of it or nothing, durable when it is answered. */
        post: operations["apply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lays runs side by side, joined on the sample: which became better, which worse. As Arrow, the counts are the
         *     schema's metadata `comparison`.
         */
        get: operations["compare_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the datasets. */
        get: operations["list_datasets"];
        put?: never;
        /** Makes a dataset of a folder, without copying anything; events `import` tell how far it is. */
        post: operations["import_dataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a dataset with its branches, tags and drafts. */
        get: operations["show_dataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a view: its revision, who made it and why, and how much is in it. */
        get: operations["show_view"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/blame/{table}/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells of each cell of a row which revision set it; of a draft, as the revision has it that it is based on. */
        get: operations["blame"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives a file's bytes, or a range of them. */
        get: operations["get_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the tables of a view, with their columns. */
        get: operations["list_tables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/columns/{column}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives all values of a column, in the order of the table, as Arrow. */
        get: operations["column"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/confusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts how often each value of one column goes with each of another. */
        get: operations["confusion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the values of a column, with how many rows have each. */
        get: operations["groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts the rows whose number is in each of some bins of equal width. */
        get: operations["histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/lasso": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells which rows have their point within a polygon: a bit for each, as a mask. */
        post: operations["lasso"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/mask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells for which rows an expression is true: a bit for each, the first row's the lowest bit of the first byte. */
        get: operations["mask"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/neighbours": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the rows whose vectors are nearest. */
        get: operations["neighbours"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/quantiles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells quantiles of a column. */
        get: operations["quantiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/reduce": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lays a column of vectors onto its principal axes: `x`, `y` (and `z`) of each row, null for a row without a vector;
         *     and which shares of all variance lie along them, as Arrow in the schema's metadata `shares`.
         */
        get: operations["reduce"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tables/{table}/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives some rows, as JSON or as Arrow. */
        get: operations["page"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/thumbnails/{size}/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Gives an image scaled down to fit a square of `size` pixels, turned upright as its Exif says; a smaller one as it is.
         * @description JPEG, or PNG where the image has transparent pixels. 415 for what is no image,
         *     422 for one that is broken or has too many pixels, with the reason.
         */
        get: operations["get_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the top folder. */
        get: operations["list_top"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/at/{ref}/tree/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists a folder. */
        get: operations["list_folder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/branches/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a branch. */
        post: operations["create_branch"];
        /** Removes a branch, and tells where it was. */
        delete: operations["delete_branch"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells how two states of a dataset differ, by file and by row. */
        get: operations["compare"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/diff/revert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts back, in the caller's draft, what differs between two states: all of it, or some rows and cells. */
        post: operations["put_back"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what the caller's draft on a branch is; one that was not begun is there too, and changes nothing. */
        get: operations["show_draft"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/commit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a revision of the draft, moves the branch to it, and ends the draft. 409 with the conflicts, if any. */
        post: operations["commit_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells how the draft differs from what it is based on, by file and by row. */
        get: operations["compare_draft"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts all, or some paths or rows, back to what the draft is based on; undo brings the changes back. */
        post: operations["discard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/edits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Edits the draft: all edits or none, as one step that undo takes back. */
        post: operations["edit_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what a merge that stands in the caller's draft leaves to be decided. */
        get: operations["show_merge"];
        put?: never;
        /** Merges into the draft, where it stands until all is decided and committed. 409 where the draft has changes. */
        post: operations["begin_merge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/merge/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decides conflicts of the merge that stands in the draft, as one step that undo takes back. */
        post: operations["resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/rebase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bases the draft on the head of its branch, by a merge; undo takes that back. 409 with the conflicts, if any. */
        post: operations["rebase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/redo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Does the step again that the last undo took back. */
        post: operations["redo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/drafts/{branch}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes the last step back. */
        post: operations["undo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells the revisions that one came from, or those of all branches. */
        get: operations["log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Merges a branch, a tag or a revision into a branch. 409 with the conflicts, if any. */
        post: operations["merge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Records what changed in a dataset's source, as a revision of a branch; all edits stay on top of it.
         * @description Where that lasts, events `job` tell how far it is, and the job tells what it found.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/revert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a revision that takes back what another one changed. 409 with the conflicts, if any. */
        post: operations["revert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/sources/{base}/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives the bytes of a file of the source, or a range of them, as a base recorded it. */
        get: operations["get_source_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/tags/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a tag. */
        post: operations["create_tag"];
        /** Removes a tag, and tells where it was. */
        delete: operations["delete_tag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the saved views of a dataset. */
        get: operations["list_views"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/views/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Saves a view. With `If-None-Match: *` only where none has the name, with `If-Match` only over that state, and else
         *     over whatever is there.
         */
        put: operations["put_view"];
        post?: never;
        /** Removes a saved view; with `If-Match` only that state of it. */
        delete: operations["delete_view"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells what happens: `ref`, `draft`, `run`, `import`, `job`. The id of an event is the number of its operation; a
         *     client that comes back with it in `Last-Event-ID` gets what it missed, or `reset`: then it looks anew. Of a `run` it
         *     says `what`: `created`, `rows`, `finished`, `changed`, `deleted`, `lost`, `heard`.
         */
        get: operations["listen"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fsck": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reads every object, and looks for all that refs lead to; others may write meanwhile.
         * @description What only the service itself uses cannot be looked at beside it: `notes` tells what that is.
         */
        post: operations["check_store"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/gc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Removes what no branch, tag, draft or mount refers to; others may write meanwhile.
         * @description What was sent, or referred to, within the last hour stays, whatever the grace.
         */
        post: operations["collect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells how far an import is. */
        get: operations["show_import"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells how far a job is. */
        get: operations["show_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the mounts that the service's machine has of the store's datasets. */
        get: operations["list_mounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/objects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stores an object, and tells its id. */
        post: operations["post_object"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/objects/missing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells which of these objects are not there, so that only they need be sent. */
        post: operations["find_missing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/objects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives an object's bytes, or a range of them. */
        get: operations["get_object"];
        /** Stores an object under the id that its bytes have. */
        put: operations["put_object"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ops": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Waits for refs to move: answers as soon as there is a later operation, or when the time is over. */
        get: operations["wait_for_operation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/refs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists refs. */
        get: operations["list_refs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/refs/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what a ref points to. */
        get: operations["get_ref"];
        /**
         * Makes a ref (`If-None-Match: *`), or moves it from the state that `If-Match` names. The names in it are valid, and
         *     the object is what such a ref holds: a revision of its dataset, a step of a draft, a run's record …; else 400. A draft
         *     takes its own writer, or an admin.
         */
        put: operations["put_ref"];
        post?: never;
        /** Removes a ref that is in the state that `If-Match` names; of a draft, its own writer or an admin does. */
        delete: operations["delete_ref"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Finds revisions by the beginning of their ids, of whatever dataset. */
        get: operations["find_revisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists runs. */
        get: operations["list_runs"];
        put?: never;
        /**
         * Begins a run. With the id of one that has begun already, that one is told and nothing is changed; where that has
         *     another name or looks at something else, it is 409.
         */
        post: operations["begin_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells of a run, by its name or id. */
        get: operations["show_run"];
        put?: never;
        post?: never;
        /** Removes a run with all that it recorded. */
        delete: operations["delete_run"];
        options?: never;
        head?: never;
        /** Ends a run, or says more of it. */
        patch: operations["change_run"];
        trace?: never;
    };
    "/v1/runs/{run}/batches/{batch}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Takes rows by sample and epoch: an Arrow stream, or columns as JSON. It is durable when it is answered, and counts
         *     once, however often it comes. `sample` is the key of a row, or its path as the run's revision has it; a column
         *     `path` in its stead is only a path.
         */
        put: operations["put_batch"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says that a run is alive. This is not kept: a service that begins anew gives all runs time to say it again. */
        post: operations["hear_of_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells rows of a run: those of an epoch, the latest of each sample, or all of one sample. */
        get: operations["show_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run}/reduce": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lays a run's vectors onto their principal axes, and records the places as columns `x`, `y` (and `z`) of the run. */
        post: operations["reduce_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run}/scalars": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells numbers of a run as a whole, over its steps. */
        get: operations["show_scalars"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run}/scalars/{batch}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Takes numbers of the run as a whole, such as the accuracy after each epoch. */
        put: operations["put_scalars"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells who the caller is. */
        get: operations["show_session"];
        put?: never;
        /** Begins a session: the answer sets a cookie that stands for the token. */
        post: operations["begin_session"];
        /** Ends the session, if there is one. */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sql": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answers a query that reads. */
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What this service is, and who it takes the caller for. */
        About: {
            /** @description The version of the API: the prefix of its paths. */
            api: string;
            /** @description The store's folder on the machine of the service. */
            folder?: string | null;
            /** @description Under which licences it may be used. */
            licence: string;
            /** @description Whether every change is refused. */
            read_only: boolean;
            /** @description What the caller may do. */
            role: components["schemas"]["Role"];
            /** @description The store's own number, 32 hexadecimal digits; none where it has no folder on that machine. */
            store?: string | null;
            /** @description Always false: it tells nobody anything. */
            telemetry: boolean;
            /** @description The version of the program. */
            version: string;
            /** @description The name under which the caller's drafts and revisions are. */
            writer: string;
        };
        /** @description A batch that is durable. */
        BatchTaken: {
            /** @description What its writer calls it. */
            batch: string;
            /** @description Whether it was there already: then what was sent was not looked at. */
            repeated: boolean;
            /** @description How many rows it has; of one that was there already, none are counted. */
            rows: number;
        };
        /** @description An import that was begun. */
        Begun: {
            /** @description Its id. */
            import: string;
        };
        /** @description A job that was begun, and has not ended soon. */
        BegunJob: {
            /** @description Its id; `/v1/jobs/ID` tells how far it is. */
            job: string;
        };
        /** @description What is merged into the draft's branch. */
        BegunMerge: {
            /** @description A branch, a tag or a revision. */
            from: string;
            /** @description Why; `merge FROM into BRANCH` if not said. */
            message?: string | null;
        };
        /** @description Where the cells of a row come from. */
        BlameAnswer: {
            /** @description In order of column; none for a row that was deleted. */
            cells: components["schemas"]["BlamedCell"][];
            row?: components["schemas"]["BlamedRow"] | null;
        };
        /** @description Where a cell's value comes from. */
        BlamedCell: (components["schemas"]["By"] | null) & {
            /** @description Its column. */
            column: string;
            /** @description Its value. */
            value: components["schemas"]["Value"];
        };
        /** @description What became of a whole row. */
        BlamedRow: components["schemas"]["By"] & {
            /** @description `inserted` or `deleted`. */
            change: string;
        };
        /** @description A revision, as it is told of a cell. */
        By: {
            /** @description Who made it. */
            author: string;
            /** @description When, RFC 3339. */
            committed_at: string;
            /** @description Why. */
            message: string;
            /** @description Its id. */
            revision: string;
        };
        /** @description What is otherwise in a run than in the first, of the samples that all runs have. */
        Change: {
            /** @description How often the prediction was wrong and is right; none where no label or no prediction is known. */
            better?: number | null;
            /** @description How often both are right. */
            both_right?: number | null;
            /** @description How often both are wrong. */
            both_wrong?: number | null;
            /** @description How often the metric is greater here. */
            higher: number;
            /** @description How often it is less. */
            lower: number;
            run: string;
            /** @description How often it is the same number. */
            same: number;
            /** @description How often it was right and is wrong. */
            worse?: number | null;
        };
        /** @description What a check found. */
        Checked: {
            /**
             * Format: int64
             * @description Their bytes.
             */
            bytes: number;
            /** @description What is worth knowing and not wrong, and what was not looked at. */
            notes: string[];
            /**
             * Format: int64
             * @description Sound objects.
             */
            objects: number;
            /** @description What is wrong; none in a sound store. */
            problems: components["schemas"]["FoundProblem"][];
            /**
             * Format: int64
             * @description Refs that point to an object that is there.
             */
            refs: number;
        };
        /** @description How often a value of a column became another one. */
        ClassCount: {
            /** @description What it is. */
            after: components["schemas"]["Value"];
            /** @description What it was. */
            before: components["schemas"]["Value"];
            /** @description The column. */
            column: string;
            /**
             * Format: int64
             * @description In how many cells.
             */
            count: number;
        };
        /** @description What is to be removed. */
        Collect: {
            /** @description Whether to tell only what would be removed. */
            dry_run?: boolean;
            /**
             * Format: int64
             * @description How old something must be; a day if not said.
             */
            grace_seconds?: number;
        };
        /** @description What was removed, or would be. */
        Collected: {
            /**
             * Format: int64
             * @description Their bytes.
             */
            bytes: number;
            /** @description Whether nothing was removed. */
            dry_run: boolean;
            /**
             * Format: int64
             * @description Objects that nothing refers to and that stay: they are too young, or somebody may be about to refer to them.
             */
            kept_young: number;
            /**
             * Format: int64
             * @description Objects that were removed.
             */
            objects: number;
        };
        /** @description A column. */
        ColumnDetail: {
            /** @description Whether it can be edited. */
            editable: boolean;
            /** @description Its name, as the file has it. */
            name: string;
            /** @description Whether a cell may be null. */
            nullable: boolean;
            /** @description What it is for. */
            role: components["schemas"]["RoleDetail"];
            /** @description The type of its values, as Arrow writes it. */
            type: string;
        };
        /**
         * @description What an added column holds.
         * @enum {string}
         */
        ColumnType: "text" | "number" | "integer" | "flag";
        /** @description The new revision. */
        Committed: {
            /** @description The branch whose head it is. */
            branch: string;
            /**
             * Format: int64
             * @description How many paths differ from the revision before it.
             */
            changes: number;
            /** @description The mounts on the service's machine that follow the branch. */
            mounts: components["schemas"]["MountThatFollows"][];
            /** @description Its id. */
            revision: string;
        };
        /** @description Runs side by side. */
        ComparisonDetail: components["schemas"]["Counts"] & {
            /** @description `sample`, `label`, and of each run its `values` of the metric and what it `predicted`. */
            rows: {
                [key: string]: components["schemas"]["Value"];
            }[];
            /** @description How many samples the case has. */
            total: number;
        };
        /** @description One place for which the two sides have no common result. */
        ConflictDetail: {
            /** @description What it was; null where there was nothing, and for files. */
            base: components["schemas"]["Value"];
            /** @description The cell's column, or the column. */
            column?: string | null;
            /** @description The row. */
            key?: string | null;
            /** @description What we made of it: of a file, `removed`, `excluded`, `file`, `folder` or `symlink`. */
            ours: components["schemas"]["Value"];
            /** @description The path; for a folder, everything below it is meant. */
            path: string;
            /** @description The table, where it is about a row. */
            table?: string | null;
            /** @description What they made of it. */
            theirs: components["schemas"]["Value"];
            /** @description What happened, for a person. */
            why: string;
        };
        /** @description How many rows have each pair of values. */
        Confusion: {
            /** @description The values of the one column, in the order of its classes, then of the values; null comes last. */
            actual: components["schemas"]["Value"][];
            /** @description For each value of the first, how many rows have each value of the second. */
            counts: number[][];
            /** @description The values of the other, alike. */
            predicted: components["schemas"]["Value"][];
        };
        /** @description What was counted. */
        Counts: {
            /** @description What is otherwise in each run after the first. */
            changes: components["schemas"]["Change"][];
            /** @description How often each class was predicted right; none where no label or no prediction is known. */
            classes?: components["schemas"]["RightOfClass"][] | null;
            /** @description How many samples all of them have. */
            in_all: number;
            /** @description How many samples no other run has, for each. */
            only: number[];
            /** @description The runs, as they were named. */
            runs: string[];
            /** @description How many samples each has. */
            samples: number[];
        };
        /** @description One number over the steps of a run. */
        Curve: {
            /** @description Its name. */
            name: string;
            /** @description Pairs of step and value, by step; a value is none where it was no number. */
            points: [
                number,
                number | null
            ][];
        };
        /** @description Numbers of a run over its steps. */
        Curves: {
            /** @description In order of name. */
            curves: components["schemas"]["Curve"][];
        };
        /** @description A dataset. */
        DatasetDetail: {
            /** @description Its branches, in order of name. */
            branches: components["schemas"]["NamedRevision"][];
            /** @description The drafts on its branches. */
            drafts: components["schemas"]["DraftName"][];
            /** @description Its name. */
            name: string;
            /** @description The folder of its source, on the machine of the service. */
            source: string;
            /** @description Its tags, in order of name. */
            tags: components["schemas"]["NamedRevision"][];
        };
        /** @description All datasets. */
        DatasetList: {
            /** @description In order of name. */
            datasets: components["schemas"]["DatasetSummary"][];
        };
        /** @description A dataset in a list. */
        DatasetSummary: {
            /** @description How many branches it has. */
            branches: number;
            /**
             * Format: int64
             * @description How many bytes these are.
             */
            bytes: number;
            /**
             * Format: int64
             * @description How many files the head has.
             */
            files: number;
            head?: components["schemas"]["Head"] | null;
            /** @description Its name. */
            name: string;
            /** @description The folder of its source, on the machine of the service. */
            source: string;
            /** @description How many tags it has. */
            tags: number;
        };
        /** @description A decision. */
        Decision: {
            /** @description Which conflicts, by their places in the list; all if not said. */
            conflicts?: number[] | null;
            take?: components["schemas"]["Side"] | null;
            /** @description … or the value that the cell gets; null is one. */
            value?: components["schemas"]["Value"];
        };
        /** @description How two states differ. */
        DiffAnswer: {
            /** @description By path, up to the limit. */
            files: components["schemas"]["FileDifference"][];
            /** @description Files whose rows have the same values, by other bytes. */
            reformatted: string[];
            /** @description This page of the cells, rows and columns that differ. */
            rows: components["schemas"]["RowDifference"][];
            /** @description How much differs. */
            summary: components["schemas"]["Summary"];
            /** @description How many files differ. */
            total_files: number;
            /** @description How many there are in all; of the table, where one is named. */
            total_rows: number;
        };
        /** @description What is discarded. */
        Discarded: {
            /** @description These paths, with all that is below them … */
            paths?: string[] | null;
            /** @description … or these rows and cells; everything if neither is said. */
            rows?: components["schemas"]["RowOrCell"][] | null;
        };
        /** @description A draft. */
        DraftDetail: {
            /** @description The revision that it is based on. */
            based_on: string;
            /** @description On which branch. */
            branch: string;
            /** @description What redo would do again. */
            can_redo?: string | null;
            /** @description What undo would take back. */
            can_undo?: string | null;
            /** @description How much it changes. */
            edits: components["schemas"]["EditCounts"];
            /** @description Of exactly this state: an edit with it in `If-Match` is only done if nobody else was faster. */
            etag: string;
            /** @description Whether its branch has moved on since. */
            is_behind: boolean;
            /** @description Of columns with few different changes, how often which value became which. */
            per_class: components["schemas"]["ClassCount"][];
            /** @description When the newest step was made, RFC 3339. */
            saved_at?: string | null;
            /** @description The newest step; none before the first edit. */
            step?: string | null;
            /** @description Whose. */
            writer: string;
        };
        /** @description A draft, in short. */
        DraftName: {
            /** @description On which branch. */
            branch: string;
            /**
             * Format: int64
             * @description The number of the operation that saved its newest step.
             */
            op: number;
            /** @description Whose. */
            writer: string;
        };
        /** @description One edit of a draft. */
        Edit: {
            /** @description What they are to hold. */
            cells: {
                [key: string]: components["schemas"]["Value"];
            };
            /** @description Which rows, by their keys … */
            keys?: string[];
            /** @enum {string} */
            kind: "set";
            /** @description The table; needed where there are several. */
            table?: string | null;
            /** @description … or those for which this holds: what may stand behind WHERE in SQL. */
            where?: string | null;
        } | {
            /** @description The key of the row that it comes after; else it is the last. */
            after?: string | null;
            /** @description What it holds; columns that are not named are empty. */
            cells: {
                [key: string]: components["schemas"]["Value"];
            };
            /** @enum {string} */
            kind: "insert";
            /** @description The table; needed where there are several. */
            table?: string | null;
        } | {
            /** @description Which rows, by their keys … */
            keys?: string[];
            /** @enum {string} */
            kind: "delete";
            /** @description The table; needed where there are several. */
            table?: string | null;
            /** @description … or those for which this holds. */
            where?: string | null;
        } | {
            /** @description The new column's name. */
            column: string;
            /** @enum {string} */
            kind: "add-column";
            /** @description The table. */
            table?: string | null;
            /** @description What it holds. */
            type: components["schemas"]["ColumnType"];
        } | {
            /** @description The column's name. */
            column: string;
            /** @enum {string} */
            kind: "drop-column";
            /** @description The table. */
            table?: string | null;
        } | {
            /** @description Which samples, by their keys … */
            keys?: string[];
            /** @enum {string} */
            kind: "exclude";
            /** @description The main table, `samples`; it need not be said. */
            table?: string | null;
            /** @description … or those for which this holds. */
            where?: string | null;
        } | {
            /** @description Which samples, by their keys … */
            keys?: string[];
            /** @enum {string} */
            kind: "include";
            /** @description The main table, `samples`; it need not be said. */
            table?: string | null;
            /** @description … or those for which this holds. */
            where?: string | null;
        } | {
            /** @description The name that it has. */
            from: string;
            /** @enum {string} */
            kind: "class-rename";
            /** @description A class map, or a table whose labels it tells; all where it is not said. */
            table?: string | null;
            /** @description The name that it gets. */
            to: string;
        } | {
            /** @enum {string} */
            kind: "class-add";
            /** @description The new class. */
            name: string;
            /** @description A class map, or a table whose labels it tells; needed where there are several. */
            table?: string | null;
        } | {
            /** @description The classes whose labels change. */
            from: string[];
            /** @description The class that they become; it may be a new name. */
            into: string;
            /** @enum {string} */
            kind: "class-merge";
            /** @description A class map, or a table whose labels it tells; all where it is not said. */
            table?: string | null;
        } | {
            /** @description Its bytes … */
            content_base64?: string | null;
            /** @enum {string} */
            kind: "put-file";
            /** @description … or an object that was stored before. */
            object?: string | null;
            /** @description Where. */
            path: string;
        } | {
            /** @enum {string} */
            kind: "remove-file";
            /** @description Which. */
            path: string;
            /** @description A folder may be removed, too. */
            recursive?: boolean;
        } | {
            /** @description From where. */
            from: string;
            /** @enum {string} */
            kind: "rename-file";
            /** @description Where to. */
            to: string;
        };
        /** @description How much a draft changes. */
        EditCounts: {
            /**
             * Format: int64
             * @description Columns that are added or dropped.
             */
            columns: number;
            /**
             * Format: int64
             * @description Rows that are gone.
             */
            deleted: number;
            /**
             * Format: int64
             * @description Files that differ by more than their rows.
             */
            files: number;
            /**
             * Format: int64
             * @description New rows.
             */
            inserted: number;
            /**
             * Format: int64
             * @description Rows: those of the next three together.
             */
            rows: number;
            /**
             * Format: int64
             * @description Rows of which cells are set.
             */
            set: number;
        };
        /** @description What became of edits. */
        Edited: components["schemas"]["DraftDetail"] & {
            /** @description The keys of the rows that were edited, in order of the edits; the first 10,000. */
            keys: string[];
        };
        /** @description Edits that are done together. */
        Edits: {
            /** @description In order; each sees what those before it did. */
            edits: components["schemas"]["Edit"][];
            /** @description What they do together, for the history of the draft. */
            label?: string | null;
        };
        /** @description An entry of a folder. */
        Entry: {
            /** @description Whether it differs from what the base has at this path. */
            changed: boolean;
            /** @description `file`, `folder` or `symlink`. */
            kind: string;
            /** @description When it was modified, RFC 3339. */
            modified_at: string;
            /** @description Its name; bytes that are no UTF-8 are replaced. */
            name: string;
            /**
             * Format: int64
             * @description Bytes of content; of a folder 0.
             */
            size: number;
            /** @description What a symbolic link points to. */
            target?: string | null;
        };
        /** @description How many files differ. */
        FileCounts: {
            /**
             * Format: int64
             * @description Files, links and folders that are new.
             */
            added: number;
            /**
             * Format: int64
             * @description Those with other content.
             */
            modified: number;
            /**
             * Format: int64
             * @description Those that are gone.
             */
            removed: number;
            /**
             * Format: int64
             * @description Those that are elsewhere.
             */
            renamed: number;
        };
        /** @description A file that differs. */
        FileDifference: {
            /** @description Where it was, of a renamed one. */
            from?: string | null;
            /** @description Its path, in the later state where it has one. */
            path: string;
            /**
             * Format: int64
             * @description Bytes after; null where there is none.
             */
            size_after?: number | null;
            /**
             * Format: int64
             * @description Bytes before; null where there was none.
             */
            size_before?: number | null;
            /** @description `added`, `modified`, `removed` or `renamed`. */
            what: string;
        };
        /** @description A part of a folder. */
        Folder: {
            /** @description In order of name. */
            entries: components["schemas"]["Entry"][];
            /** @description Its path; empty for the top folder. */
            path: string;
            /** @description How many entries the folder has. */
            total: number;
        };
        /**
         * @description The form of an answer.
         * @enum {string}
         */
        Format: "json" | "arrow";
        /** @description Something that is not as it should be. */
        FoundProblem: {
            /** @description Whether nothing is lost by it: `veneer fsck --rebuild` makes it again. */
            can_be_rebuilt: boolean;
            /** @description The file or object. */
            what: string;
            /** @description What is wrong with it. */
            why: string;
        };
        /** @description A value, and how many rows have it. */
        Group: {
            /**
             * Format: int64
             * @description How many rows have it.
             */
            count: number;
            /** @description The value. */
            value: components["schemas"]["Value"];
        };
        /** @description The values that most rows have. */
        Groups: {
            /**
             * Format: int64
             * @description How many different values there are that were searched for, beside null.
             */
            distinct: number;
            /**
             * Format: int64
             * @description How many rows have null.
             */
            nulls: number;
            /**
             * Format: int64
             * @description How many rows have one of these that is not listed.
             */
            other: number;
            /**
             * Format: int64
             * @description How many rows the condition is true for.
             */
            total: number;
            /** @description The values, the most frequent first; those of as many rows in their own order. */
            values: components["schemas"]["Group"][];
        };
        /** @description The revision at the end of a branch. */
        Head: {
            /** @description Who made it. */
            author: string;
            /** @description When, RFC 3339. */
            committed_at: string;
            /** @description Why it was made. */
            message: string;
            /** @description Its id. */
            revision: string;
        };
        /** @description That it is well. */
        Health: {
            /** @description Always `ok`. */
            status: string;
            /** @description The version of the program. */
            version: string;
        };
        /** @description How many rows have a number in each bin, and what the others have. */
        Histogram: {
            /**
             * Format: int64
             * @description How many rows have a finite number beyond the last edge.
             */
            above: number;
            /**
             * Format: int64
             * @description How many rows have a finite number before the first edge.
             */
            below: number;
            /** @description The column. */
            column: string;
            /** @description How many rows are in each bin; a number on an edge belongs to the bin that it begins, the last one to the last. */
            counts: number[];
            /**
             * @description Where bins begin and end, one more than there are bins; milliseconds since 1970-01-01 UTC for times. None
             *     without a finite number.
             */
            edges: number[];
            /**
             * Format: int64
             * @description How many rows have an infinite number greater than all.
             */
            inf: number;
            /**
             * Format: double
             * @description The greatest finite number.
             */
            max?: number | null;
            /**
             * Format: double
             * @description The least finite number.
             */
            min?: number | null;
            /**
             * Format: int64
             * @description How many rows have NaN.
             */
            nan: number;
            /**
             * Format: int64
             * @description How many rows have an infinite number less than all.
             */
            neg_inf: number;
            /**
             * Format: int64
             * @description How many rows have null.
             */
            nulls: number;
            /**
             * Format: int64
             * @description How many rows the condition is true for.
             */
            total: number;
        };
        /** @description Objects that are asked for. */
        Ids: {
            /** @description Their ids. */
            ids: string[];
        };
        /** @description How far an import is. */
        ImportDetail: {
            /**
             * Format: int64
             * @description Bytes in them.
             */
            bytes: number;
            /** @description The dataset, once it is there. */
            dataset?: string | null;
            /** @description Whether it has ended. */
            done: boolean;
            error?: components["schemas"]["Problem"] | null;
            /**
             * Format: int64
             * @description Entries that were seen until now.
             */
            files: number;
            /** @description Its id. */
            id: string;
            /** @description The name of the dataset that it is to make. */
            name: string;
            /** @description Its first revision. */
            revision?: string | null;
            /**
             * Format: int64
             * @description How many parts of the source no dataset can have, such as devices.
             */
            skipped: number;
        };
        /** @description How far a job is. */
        JobDetail: {
            /**
             * Format: int64
             * @description Bytes in them.
             */
            bytes: number;
            /** @description The dataset that it is about; none where that is the whole store. */
            dataset?: string | null;
            /** @description Whether it has ended. */
            done: boolean;
            /** @description Why it found nothing: a problem. */
            error: Record<string, unknown>;
            /** @description Its id. */
            id: string;
            /** @description `refresh`, `gc` or `fsck`. */
            kind: string;
            /** @description What it found: the answer of the route that began it. */
            result: Record<string, unknown>;
            /**
             * Format: int64
             * @description What it has looked at until now: files, or objects.
             */
            seen: number;
        };
        /** @description Rows by columns. */
        JsonBatch: {
            /** @description By name: a list with a value for each row; `epoch` may be one number for all. */
            columns: Record<string, unknown>;
        };
        /** @description A polygon over two columns. */
        Lasso: {
            /** @description The corners `[x, y]`; the last one is joined to the first. */
            polygon: number[][];
            /** @description Only rows for which this expression is true. */
            where?: string | null;
            /** @description The column that tells how far right a row's point is. */
            x: string;
            /** @description The column that tells how far up it is. */
            y: string;
        };
        /** @description The last operation. */
        LastOperation: {
            /**
             * Format: int64
             * @description Its number, counted over the whole store.
             */
            op: number;
        };
        /** @description A part of the history. */
        LogAnswer: {
            /** @description The newest first, each before those that it came from. */
            revisions: components["schemas"]["LogEntry"][];
        };
        /** @description A revision. */
        LogEntry: {
            /** @description Who made it. */
            author: string;
            /** @description The branches whose head it is. */
            branches: string[];
            /**
             * Format: int64
             * @description How many paths differ from the first parent.
             */
            changes: number;
            /** @description When, RFC 3339. */
            committed_at: string;
            /** @description Why. */
            message: string;
            /** @description The revisions that it was made from: none for an import, two for a merge. */
            parents: string[];
            /** @description Its id. */
            revision: string;
            /** @description The runs that look at it, the newest first. */
            runs: string[];
            /** @description The tags on it. */
            tags: string[];
        };
        /** @description The token to be typed once. */
        Login: {
            token: string;
        };
        /** @description What became of it. */
        Merged: {
            /**
             * Format: int64
             * @description How many paths differ from the head before; of a fast-forward, 0.
             */
            changes: number;
            /** @description `done`, `fast-forward` or `up-to-date`. */
            outcome: string;
            /** @description The head of the branch now. */
            revision: string;
        };
        /** @description A draft, and the merge that stands in it. */
        Merging: components["schemas"]["DraftDetail"] & {
            /** @description What stands in it. */
            merge: components["schemas"]["StandingMerge"];
        };
        /** @description Rows of a run, as JSON. */
        MetricRows: {
            /** @description Each row's cells by column, `sample` and `epoch` among them. */
            rows: {
                [key: string]: components["schemas"]["Value"];
            }[];
            /** @description How many there are in all. */
            total: number;
        };
        /** @description Objects that are not there. */
        Missing: {
            /** @description Their ids, in the order in which they were asked for. */
            missing: string[];
        };
        /** @description A mount. */
        MountDetail: {
            /** @description What it shows; none where its daemon does not answer. */
            dataset?: string | null;
            /** @description Where it is. */
            dir: string;
            /**
             * Format: int32
             * @description The process that serves it.
             */
            pid?: number | null;
            /** @description The branch, tag or revision that it was given. */
            ref?: string | null;
            /** @description The revision that it shows now. */
            revision?: string | null;
            /** @description `live`, `stale` for a dead one, or `silent`. */
            state: string;
            /** @description Whether it can be written. */
            writable: boolean;
        };
        /** @description All mounts. */
        MountList: {
            /** @description The oldest first. */
            mounts: components["schemas"]["MountDetail"][];
        };
        /** @description A mount that moves with the branch. */
        MountThatFollows: {
            /** @description The dataset. */
            dataset: string;
            /** @description Where it is. */
            dir: string;
            /** @description Whether it shows the new revision already. */
            follows: boolean;
            /** @description The branch. */
            ref: string;
        };
        /** @description A branch or a tag. */
        NamedRevision: {
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description The number of the operation that set it.
             */
            op: number;
            /** @description The revision that it names. */
            revision: string;
        };
        /** @description A row that is near. */
        Neighbour: {
            /**
             * Format: double
             * @description How far it is.
             */
            distance: number;
            /** @description Its key. */
            key: string;
            /**
             * Format: int32
             * @description Its place in the table.
             */
            row: number;
        };
        /** @description The rows that are near. */
        Neighbours: {
            /** @description The nearest first. */
            neighbours: components["schemas"]["Neighbour"][];
        };
        /** @description What the revision is to say. */
        NewCommit: {
            /** @description Who made it; the caller if not said. */
            author?: string | null;
            /** @description A branch to be made for it, which begins where the draft did; else the draft's own moves. */
            branch?: string | null;
            /** @description Why. */
            message: string;
        };
        /** @description A folder that is to become a dataset. */
        NewDataset: {
            /** @description The dataset's name. */
            name: string;
            /** @description The folder, an absolute path on the machine of the service. */
            source: string;
        };
        /** @description What is merged. */
        NewMerge: {
            /** @description Who does it; the caller if not said. */
            author?: string | null;
            /** @description A branch, a tag or a revision. */
            from: string;
            /** @description The branch that is changed. */
            into: string;
            /** @description Why; `merge FROM into INTO` if not said. */
            message?: string | null;
            prefer?: components["schemas"]["Side"] | null;
        };
        /** @description Where a branch or tag is to be. */
        NewRef: {
            /** @description A branch, a tag or a revision; `main` if not said. */
            at?: string | null;
        };
        /** @description What is taken back. */
        NewRevert: {
            /** @description Who does it; the caller if not said. */
            author?: string | null;
            /** @description The branch that is changed. */
            branch: string;
            prefer?: components["schemas"]["Side"] | null;
            /** @description The revision whose changes are taken back. */
            revision: string;
        };
        /** @description What a problem is as JSON; the facts of its kind are further members. */
        Problem: {
            /** @description What happened, for a person. */
            detail: string;
            /** @description Which problem it is: `not-found`, `source-changed`, `ref-moved` … */
            kind: string;
            /**
             * Format: int32
             * @description The status of the answer.
             */
            status: number;
            /** @description The status in words. */
            title: string;
            /** @description Always `about:blank`: `kind` says which problem it is. */
            type: string;
        };
        /** @description The quantiles of some rows. */
        Quantiles: {
            /**
             * Format: int64
             * @description How many rows have a number that is not NaN.
             */
            count: number;
            group?: components["schemas"]["Value"] | null;
            /** @description A number for each quantile, between the two nearest rows where it falls between them; null without a row. */
            values: components["schemas"]["Value"][];
        };
        /** @description The quantiles of a column. */
        QuantilesAnswer: {
            /** @description Of all rows together, or of those of each value of another column. */
            quantiles: components["schemas"]["Quantiles"][];
        };
        /** @description A query. */
        Query: {
            /** @description The dataset of tables that are named without one. */
            dataset?: string | null;
            format?: components["schemas"]["Format"] | null;
            /** @description How many rows at most; 10,000 if not said. */
            limit?: number | null;
            /** @description What stands for `$1`, `$2` …: texts, numbers, true, false, null. */
            params?: components["schemas"]["Value"][];
            /** @description SELECT, EXPLAIN, SHOW or DESCRIBE over `dataset.table`, `runs."NAME"` and `at('dataset', 'table', 'REF')`. */
            query: string;
        };
        /** @description What is recorded now. */
        Reduced: {
            /** @description The columns that it has by this: `x`, `y`, `z`. */
            columns: string[];
            /** @description How many samples have a place. */
            rows: number;
            /** @description The run. */
            run: string;
            /** @description Which part of all variance lies along each axis. */
            shares: number[];
        };
        /** @description What is to be reduced. */
        Reduction: {
            /**
             * @description The column of vectors; `embedding` if not said.
             * @default null
             */
            column?: string | null;
            /**
             * @description 2 or 3; 2 if not said.
             * @default null
             */
            dims?: number | null;
            /**
             * @description A number or `latest`; `latest` if not said.
             * @default null
             */
            epoch?: string | null;
            /**
             * @description `pca`, which it is if not said.
             * @default null
             */
            method?: string | null;
        };
        /** @description A ref, and what it points to. */
        Ref: {
            /** @description The object. */
            id: string;
            /** @description Its name: `heads/DATASET/BRANCH` and the like. */
            name: string;
            /**
             * Format: int64
             * @description The number of the operation that set it; its ETag, too.
             */
            op: number;
        };
        /** @description What changed in the source. */
        RefreshDetail: {
            /**
             * Format: int64
             * @description Paths that are new.
             */
            added: number;
            /** @description Edited paths whose file in the source was changed too; the edits stay. */
            conflicts: components["schemas"]["ConflictDetail"][];
            /**
             * Format: int64
             * @description Paths with other content.
             */
            modified: number;
            /**
             * Format: int64
             * @description Paths that are gone.
             */
            removed: number;
            /** @description The new revision; none where the source is as it was. */
            revision?: string | null;
        };
        /** @description Which branch is to know what changed in the source. */
        RefreshOf: {
            /** @description `main` if not said. */
            branch?: string | null;
        };
        /** @description Some refs. */
        Refs: {
            /** @description In order of name. */
            refs: components["schemas"]["Ref"][];
        };
        /** @description A branch or tag that is gone. */
        Removed: {
            /** @description The revision that it named. */
            revision: string;
        };
        /** @description What is put back. */
        Reverse: {
            /** @description … or everything that differs, files too. */
            all?: boolean;
            /** @description The branch on which the caller's draft is changed. */
            branch: string;
            /** @description The state that is wanted back: a branch, a tag, a revision or `draft:BRANCH`. */
            from: string;
            /** @description These rows and cells … */
            keys?: components["schemas"]["RowOrCell"][];
            /** @description The state that has what is not wanted. */
            to: string;
        };
        /** @description Some revisions. */
        RevisionIds: {
            /** @description Their ids. */
            revisions: string[];
        };
        /** @description How often a class was predicted right, of the samples of which all runs have a prediction. */
        RightOfClass: {
            /** @description The label. */
            class: string;
            /** @description The share of them in each run after the first, less that of the first. */
            delta: number[];
            /** @description How many of them each run predicted right. */
            right: number[];
            /** @description How many samples have it. */
            rows: number;
        };
        /**
         * @description What somebody may do; each role may also do what those before it may.
         * @enum {string}
         */
        Role: "viewer" | "editor" | "admin";
        /** @description What a column is for. */
        RoleDetail: {
            /** @description Of a label: the values in the cells, and their names. */
            classes?: [
                string,
                string
            ][] | null;
            /** @description `label`, `box-xywh`, `image`, `plain` … */
            kind: string;
            /** @description Of a reference: the table that it speaks of. */
            table?: string | null;
        };
        /** @description How many rows differ. */
        RowCounts: {
            /**
             * Format: int64
             * @description Rows that are gone.
             */
            deleted: number;
            /**
             * Format: int64
             * @description New rows.
             */
            inserted: number;
            /**
             * Format: int64
             * @description Rows of which cells were set.
             */
            set: number;
        };
        /** @description A cell, row or column that differs. */
        RowDifference: {
            /** @description What it is; null where it is not there any more. */
            after: components["schemas"]["Value"];
            /** @description What it was; null where it was not there. */
            before: components["schemas"]["Value"];
            /** @description `set`, `inserted`, `deleted`, `column-added` or `column-dropped`. */
            change: string;
            /** @description The column; none for a whole row. */
            column?: string | null;
            /** @description The row; none for a column. */
            key?: string | null;
            /** @description The file. */
            path: string;
            /** @description The table. */
            table: string;
        };
        /** @description A row, or one cell of it. */
        RowOrCell: {
            /** @description The column; the whole row if not said. */
            column?: string | null;
            /** @description The row. */
            key: string;
            /** @description The table. */
            table: string;
        };
        /** @description Some rows, as JSON. */
        RowPage: {
            /** @description How many rows the condition is true for. */
            matched: number;
            /** @description Each row's cells by column, with its key as `_key` and its place in the whole table as `_row`. */
            rows: {
                [key: string]: components["schemas"]["Value"];
            }[];
            /** @description The columns: `{name, type}`. */
            schema: components["schemas"]["Value"];
            /** @description How many rows the table has. */
            total: number;
        };
        /** @description What is to be another at a run. */
        RunChange: {
            /** @description Why it failed. */
            error?: string | null;
            /** @description Laid over those that are there; null takes one away. */
            parameters?: Record<string, unknown> | null;
            /** @description `running`, `finished` or `failed`. */
            status?: string | null;
        };
        /** @description A column of a run's metrics. */
        RunColumn: {
            /** @description Its name. */
            name: string;
            /** @description The type of its values, as Arrow writes it. */
            type: string;
        };
        /** @description A run. */
        RunDetail: {
            /** @description The columns of its metrics, beside `sample` and `epoch`. */
            columns: components["schemas"]["RunColumn"][];
            /** @description The dataset that it looks at; none where that is not in this store. */
            dataset?: string | null;
            /**
             * Format: int64
             * @description How many epochs it recorded.
             */
            epochs: number;
            /** @description Why it failed. */
            error?: string | null;
            /** @description When it ended. */
            finished_at?: string | null;
            /** @description When it was heard of last. */
            heartbeat_at: string;
            /** @description The machine that it runs on. */
            host?: string | null;
            /** @description Its id: 32 hexadecimal digits. */
            id: string;
            /** @description `training` or `evaluation`. */
            kind: string;
            /** @description Of each scalar, the value at the greatest step; none for what is no number. */
            latest: {
                [key: string]: components["schemas"]["Value"];
            };
            /** @description Its name. */
            name: string;
            /** @description What it was begun with. */
            parameters: {
                [key: string]: components["schemas"]["Value"];
            };
            /** @description The revision. */
            revision?: string | null;
            /**
             * Format: int64
             * @description How many rows it recorded.
             */
            rows: number;
            /** @description When it began, RFC 3339. */
            started_at: string;
            /** @description `running`, `finished`, `failed`; `lost` where it says that it is running, and is not heard of. */
            status: string;
            /** @description The table whose rows are its samples; none where any key is one. */
            table?: string | null;
        };
        /** @description Runs. */
        RunList: {
            /** @description The newest first. */
            runs: components["schemas"]["RunDetail"][];
        };
        /** @description A run that is to begin. */
        RunToBegin: {
            /** @description The dataset that it looks at; without one, any key is a sample. */
            dataset?: string | null;
            /** @description The machine that it runs on. */
            host?: string | null;
            /** @description 32 hexadecimal digits, drawn by whoever begins it, so that asking twice begins one run. */
            id?: string | null;
            /** @description What it does. */
            kind?: string | null;
            /** @description Its name; one that is taken gets a number behind it. */
            name: string;
            /** @description Anything that is to be known of it. */
            parameters?: Record<string, unknown> | null;
            /** @description The branch, tag or revision; `main` if not said. */
            ref?: string | null;
            /** @description When it began, RFC 3339; now, if not said. */
            started_at?: string | null;
            /** @description The table whose rows are its samples; the main one if not said. */
            table?: string | null;
        };
        /** @description A saved view. */
        SavedViewDetail: {
            /** @description Of exactly this state: a change with it in `If-Match` is only done if nobody else was faster. */
            etag: string;
            /** @description Its name. */
            name: string;
            /** @description When it was saved, RFC 3339. */
            saved_at: string;
            /** @description What it shows, as whoever saved it writes it. */
            state: string;
        };
        /** @description The saved views of a dataset. */
        SavedViews: {
            /** @description In order of name. */
            views: components["schemas"]["SavedViewDetail"][];
        };
        /** @description Numbers of a run as a whole. */
        ScalarBatch: {
            /** @description By name, pairs of step and value. */
            scalars: {
                [key: string]: [
                    number,
                    number | null
                ][];
            };
        };
        /** @description Who the caller is. */
        SessionDetail: {
            /** @description What they may do. */
            role: components["schemas"]["Role"];
            /** @description The name under which drafts and revisions are. */
            user: string;
        };
        /**
         * @description Whose change is taken where both changed the same.
         * @enum {string}
         */
        Side: "ours" | "theirs";
        /** @description A column of an answer. */
        SqlColumn: {
            /** @description Its name. */
            name: string;
            /** @description The type of its values, as Arrow writes it. */
            type: string;
        };
        /** @description The answer of a query, as JSON. */
        SqlRows: {
            /** @description Its columns. */
            columns: components["schemas"]["SqlColumn"][];
            /**
             * Format: double
             * @description How long it took.
             */
            elapsed_ms: number;
            /** @description Its rows, in order: a value for each column. */
            rows: components["schemas"]["Value"][][];
            /** @description Whether there are more rows than were wanted. */
            truncated: boolean;
        };
        /** @description The merge that stands in a draft. */
        StandingMerge: {
            /** @description What is to be decided; a decision names its place in this list, counted from 0. */
            conflicts: components["schemas"]["ConflictDetail"][];
            /** @description Why, as its revision will say. */
            message?: string | null;
            /** @description The revision that is merged; none where no merge stands. */
            theirs?: string | null;
        };
        /** @description An object that is stored; it is durable once a later batch was applied. */
        Stored: {
            /** @description Its id, the BLAKE3 hash of its bytes. */
            id: string;
            /**
             * Format: int64
             * @description How many bytes it has.
             */
            len: number;
        };
        /** @description How much differs. */
        Summary: {
            /**
             * Format: int64
             * @description Columns that were added or dropped.
             */
            columns: number;
            /** @description Files. */
            files: components["schemas"]["FileCounts"];
            /** @description Of columns with few different changes, how often which value became which; the most frequent first. */
            per_class: components["schemas"]["ClassCount"][];
            /** @description Rows. */
            rows: components["schemas"]["RowCounts"];
        };
        /** @description A table. */
        TableDetail: {
            /**
             * Format: int64
             * @description In how many files something cannot be read.
             */
            broken_files: number;
            /** @description In the order of the file. */
            columns: components["schemas"]["ColumnDetail"][];
            /** @description How many files it is in. */
            files: number;
            /** @description How its files are read: `csv`, `coco` … */
            format: string;
            /** @description Whether its rows are the samples. */
            is_main: boolean;
            /** @description The column whose value is the row's key; none where the key is the row's place. */
            key?: string | null;
            /** @description Why that column does not tell all rows apart. */
            key_problem?: string | null;
            /** @description Its name. */
            name: string;
            problem?: components["schemas"]["TableProblem"] | null;
            /**
             * Format: int64
             * @description How many rows it has.
             */
            rows: number;
            /** @description Why they are taken for that. */
            why: string;
        };
        /** @description The tables of a view. */
        TableList: {
            /** @description In order of name. */
            tables: components["schemas"]["TableDetail"][];
        };
        /** @description Why a table is partial. */
        TableProblem: {
            /**
             * Format: int64
             * @description In bytes, counted from 1.
             */
            column: number;
            /**
             * Format: int64
             * @description Counted from 1.
             */
            line: number;
            /** @description The file. */
            path: string;
            /** @description What is wrong. */
            why: string;
        };
        /** @description What a ref is to point to. */
        Target: {
            /** @description The object, which must be there. */
            id: string;
        };
        Value: Cell;
        /** @description A view: a revision, or a draft on one. */
        ViewDetail: {
            /** @description Who made it. */
            author: string;
            /** @description The base that it lies over. */
            base: string;
            /**
             * Format: int64
             * @description How many bytes these are.
             */
            bytes: number;
            /** @description When, RFC 3339. */
            committed_at: string;
            /**
             * Format: int64
             * @description How many files show.
             */
            files: number;
            /** @description Whether it is a draft. */
            is_draft: boolean;
            /** @description Why it was made. */
            message: string;
            /** @description The revisions that it was made from. */
            parents: string[];
            /** @description The revision; of a draft, the one that it is based on. */
            revision: string;
        };
        /** @description What is to be saved. */
        ViewToSave: {
            /** @description At most 32 KiB of any text, such as the query of a page's address. */
            state: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    is_alive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    show_service_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    is_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    about: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["About"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    apply: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/vnd.veneer.batch": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LastOperation"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compare_runs: {
        parameters: {
            query: {
                /** @description Two to four names, separated by commas; the others are held against the first. */
                runs: string;
                /** @description The column of numbers that is compared. */
                metric: string;
                /** @description A number or `latest`; `latest` if not said. */
                epoch?: string;
                /** @description The state of the first run's dataset whose labels are right; the revision that the run looks at, if not said. */
                ref?: string;
                /** @description `all`, `better` (wrong in the first run, right in the last), `worse`, `both-right` or `both-wrong`. */
                case?: string;
                /** @description `sample`, `rise`, `fall` (of the metric from the first run to the second), `high` or `low` (in all runs). */
                order?: string;
                /** @description How many rows are left out at the beginning. */
                offset?: number;
                /** @description How many rows at most; as JSON 1,000 if not said, and 10,000 at most. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparisonDetail"];
                    "application/vnd.apache.arrow.stream": number[];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_datasets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetList"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDataset"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Begun"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_view: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ViewDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    blame: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlameAnswer"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                ref: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description all bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a range */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tables: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TableList"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    column: {
        parameters: {
            query?: {
                /** @description `dictionary` (texts once each, the default) or `plain`. */
                encoding?: string;
                /** @description `u16`: numbers as 0 for the least to 65,535 for the greatest, which are the schema's metadata `min` and `max`. */
                as?: string;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
                column: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apache.arrow.stream": number[];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confusion: {
        parameters: {
            query: {
                /** @description The column of what is. */
                actual: string;
                /** @description The column of what was predicted. */
                predicted: string;
                /** @description Only rows for which this expression is true. */
                where?: string;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Confusion"];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    groups: {
        parameters: {
            query: {
                /** @description The column. */
                column: string;
                /** @description Only rows for which this expression is true. */
                where?: string;
                /** @description How many values at most, those of most rows; 200 if not said, 10,000 at most. */
                limit?: number;
                /** @description Only values with this in their text, in letters of any case. */
                search?: string;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Groups"];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    histogram: {
        parameters: {
            query: {
                /** @description The column: numbers, times or booleans. */
                column: string;
                /** @description How many bins; 40 if not said. */
                bins?: number;
                /** @description Only rows for which this expression is true. */
                where?: string;
                /** @description Where the first bin begins; at the least number if not said. */
                min?: number;
                /** @description Where the last bin ends; at the greatest number if not said. */
                max?: number;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Histogram"];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    lasso: {
        parameters: {
            query?: {
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Lasso"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mask: {
        parameters: {
            query?: {
                /** @description The expression; all rows if not said. */
                where?: string;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    neighbours: {
        parameters: {
            query: {
                /** @description The column of vectors. */
                column: string;
                /** @description The key of the row. */
                key: string;
                /** @description How many at most; 20 if not said. */
                k?: number;
                /** @description `cosine` (the default) or `l2`. */
                metric?: string;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Neighbours"];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    quantiles: {
        parameters: {
            query: {
                /** @description The column: numbers, times or booleans. */
                column: string;
                /** @description The quantiles, from 0 to 1, separated by commas; `0,0.25,0.5,0.75,1` if not said. */
                q?: string;
                /** @description A column, for each of whose values they are told. */
                by?: string;
                /** @description Only rows for which this expression is true. */
                where?: string;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuantilesAnswer"];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reduce: {
        parameters: {
            query: {
                /** @description The column of vectors. */
                column: string;
                /** @description `pca`, which it is if not said. */
                method?: string;
                /** @description 2 or 3; 2 if not said. */
                dims?: number;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/vnd.apache.arrow.stream": number[];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    page: {
        parameters: {
            query?: {
                /** @description Only rows for which this expression is true. */
                where?: string;
                /** @description By what they are sorted: `score DESC, label`. */
                order?: string;
                /** @description The columns, separated by commas; all if not said. */
                columns?: string;
                /** @description How many rows are left out at the beginning. */
                offset?: number;
                /** @description How many rows at most; 200 if not said, as JSON 10,000 at most. */
                limit?: number;
                /** @description A run whose metrics are columns `RUN.loss` … of the rows with the sample's key. */
                run?: string;
                /** @description Another one, to compare. */
                run2?: string;
                /** @description Which epoch of them; `latest` if not said. */
                epoch?: string;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RowPage"];
                    "application/vnd.apache.arrow.stream": number[];
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                ref: string;
                size: number;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description an image */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": unknown;
                };
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_top: {
        parameters: {
            query?: {
                /** @description How many entries are left out at the beginning. */
                offset?: number;
                /** @description How many entries at most; 1,000 if not said. */
                limit?: number;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Folder"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_folder: {
        parameters: {
            query?: {
                /** @description How many entries are left out at the beginning. */
                offset?: number;
                /** @description How many entries at most; 1,000 if not said. */
                limit?: number;
            };
            header?: never;
            path: {
                dataset: string;
                ref: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Folder"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_branch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRef"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamedRevision"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_branch: {
        parameters: {
            query?: {
                /** @description Remove it although work is lost by that. */
                force?: boolean;
            };
            header?: never;
            path: {
                dataset: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Removed"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compare: {
        parameters: {
            query: {
                /** @description The earlier state: a branch, a tag, a revision or `draft:BRANCH`. */
                from: string;
                /** @description The later state. */
                to: string;
                /** @description Only rows of this table. */
                table?: string;
                /** @description How many rows are left out at the beginning. */
                offset?: number;
                /** @description How many files and how many rows at most; 1,000 if not said. */
                limit?: number;
            };
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DiffAnswer"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_back: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reverse"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    commit_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCommit"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Committed"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compare_draft: {
        parameters: {
            query?: {
                /** @description Only rows of this table. */
                table?: string;
                /** @description How many rows are left out at the beginning. */
                offset?: number;
                /** @description How many files and how many rows at most; 1,000 if not said. */
                limit?: number;
            };
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DiffAnswer"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discard: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Discarded"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    edit_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Edits"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Edited"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_merge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Merging"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_merge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BegunMerge"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Merging"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resolve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Merging"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rebase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                branch: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log: {
        parameters: {
            query?: {
                /** @description From where back; `main` if not said. */
                ref?: string;
                /** @description How many revisions at most; 50 if not said. */
                limit?: number;
                /** @description Tell those of all branches and tags. */
                all?: boolean;
            };
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogAnswer"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    merge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMerge"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Merged"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshOf"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefreshDetail"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunJob"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRevert"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Merged"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_source_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                base: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description all bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description a range */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_tag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRef"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamedRevision"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_tag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Removed"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_views: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedViews"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_view: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ViewToSave"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedViewDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_view: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listen: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_store: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checked"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunJob"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    collect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Collect"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Collected"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunJob"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_import: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_mounts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MountList"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_object: {
        parameters: {
            query?: {
                /**
                 * @description `blob`, `base`, `node`, `revision`, `draft` or `dataset`.
                 * @example blob
                 */
                kind?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stored"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_missing: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Ids"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Missing"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_object: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description all bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description a range */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description it is known */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_object: {
        parameters: {
            query?: {
                /**
                 * @description `blob`, `base`, `node`, `revision`, `draft` or `dataset`.
                 * @example blob
                 */
                kind?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stored"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    wait_for_operation: {
        parameters: {
            query?: {
                /** @description Wait for an operation later than this one; 0 answers at once. */
                after?: number;
                /** @description How long to wait at most. */
                timeout_ms?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LastOperation"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_refs: {
        parameters: {
            query?: {
                /** @description What their names begin with. */
                prefix?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refs"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_ref: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ref"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_ref: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Target"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ref"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_ref: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LastOperation"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_revisions: {
        parameters: {
            query?: {
                /** @description What their ids begin with, in hexadecimal digits. */
                prefix?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisionIds"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_runs: {
        parameters: {
            query?: {
                /** @description Only those on this dataset. */
                dataset?: string;
                /** @description Only those with this status. */
                status?: string;
                /** @description Only those on this revision, in full. */
                revision?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunList"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunToBegin"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_batch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run: string;
                batch: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JsonBatch"];
                "application/vnd.apache.arrow.stream": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchTaken"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hear_of_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_metrics: {
        parameters: {
            query?: {
                /** @description A number, `latest` or `all`; `latest` if not said, `all` for a sample. */
                epoch?: string;
                /** @description Only rows of this sample. */
                sample?: string;
                /** @description The columns, separated by commas; all, if not said. */
                columns?: string;
                /** @description How many rows are left out at the beginning. */
                offset?: number;
                /** @description How many rows at most; as JSON 1,000 if not said, and 10,000 at most. */
                limit?: number;
            };
            header?: never;
            path: {
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricRows"];
                    "application/vnd.apache.arrow.stream": number[];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reduce_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reduction"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reduced"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_scalars: {
        parameters: {
            query?: {
                /** @description Their names, separated by commas; all, if not said. */
                name?: string;
            };
            header?: never;
            path: {
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Curves"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_scalars: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run: string;
                batch: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScalarBatch"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchTaken"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionDetail"];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    query: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Query"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SqlRows"];
                    "application/vnd.apache.arrow.stream": number[];
                };
            };
            /** @description a problem (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
