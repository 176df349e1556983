"""The forms in which models write calls, one module per family of forms. Each reads at one place and says what
is there; where a call may stand is not their business."""
