"""What frameworks call, and what calls them: each module imports its framework, and is imported by whoever uses it.

| module | records |
|---|---|
| `sklearn` | estimators with `partial_fit`, epoch by epoch and out of sample; others in one step |
| `torch` | a model's losses and logits over a DataLoader, at the end of an epoch |
| `lightgbm`, `xgboost` | a classifier's rounds, as callbacks |
| `probabilities` | what all but `torch` make of probabilities |
"""
