"""What frameworks call, and what calls them: each module imports its framework, and is imported by whoever uses it.

| module | records |
|---|---|
| `sklearn` | estimators with `partial_fit`, epoch by epoch and out of sample; others in one step |
| `lightgbm`, `xgboost` | a classifier's rounds, as callbacks |
| `keras` | a classifier's epochs, as a callback, on any backend |
| `torch` | a model's losses and logits over a DataLoader, at the end of an epoch |
| `lightning`, `transformers` | the same at the end of a trainer's epochs, as callbacks |
| `ultralytics` | the boxes that each validation finds |
| `probabilities`, `boxes` | what the first three make of probabilities; which labelled boxes were found |
"""
