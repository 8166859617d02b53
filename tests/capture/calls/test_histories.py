"""The series that libraries note of a fit, step by step, in a real kernel.

Not in this process: what these libraries are would be said in cells of other tests.
"""

from __future__ import annotations

from typing import Any

from tests.capture.conftest import Kernel, StartKernel

_DATA = (
    "import numpy as np\nX = np.arange(80, dtype='float32').reshape(40, 2) / 80\n"
    "y = (np.arange(40) % 2).astype('float32')"
)


def _series(kernel: Kernel, source: str) -> dict[str, list[Any]]:
    kernel.run(_DATA)
    shown = kernel.run(source)
    assert not any(one["output_type"] == "error" for one in shown), shown
    found: dict[str, list[Any]] = {}
    for metric in kernel.finished()[-1].metrics:
        if metric.source == "history":
            assert metric.step == len(found.setdefault(metric.name, []))
            found[metric.name].append(metric.value)
    return found


def test_boosted_trees(kernel: Kernel) -> None:
    found = _series(
        kernel,
        "import xgboost as xgb, lightgbm as lgb\nfrom catboost import CatBoostRegressor\n"
        "res = {}\nd = xgb.DMatrix(X, label=y)\n"
        "xgb.train({'max_depth': 2}, d, 3, evals=[(d, 'train')], evals_result=res,"
        " verbose_eval=False)\n"
        "model = xgb.XGBRegressor(n_estimators=2).fit(X, y, eval_set=[(X, y)], verbose=False)\n"
        "evals = {}\nd = lgb.Dataset(X, label=y)\n"
        "lgb.train({'verbose': -1, 'metric': 'l2'}, d, 4, valid_sets=[d],"
        " callbacks=[lgb.record_evaluation(evals)])\n"
        "CatBoostRegressor(iterations=5, verbose=False, allow_writing_files=False).fit(X, y)",
    )
    assert {name: len(values) for name, values in found.items()} == {
        "train.rmse": 3,
        "validation_0.rmse": 2,
        "training.l2": 4,
        "learn.RMSE": 5,
    }


def test_networks(start_kernel: StartKernel) -> None:
    found = _series(
        start_kernel(KERAS_BACKEND="jax"),
        "import keras, torch, lightning\n"
        "model = keras.Sequential([keras.layers.Dense(1)])\n"
        "model.compile(loss='mse')\n"
        "model.fit(X, y, epochs=2, validation_split=0.5, verbose=0)\n"
        "class Net(lightning.LightningModule):\n"
        "  def __init__(self):\n"
        "    super().__init__()\n"
        "    self.net = torch.nn.Linear(2, 1)\n"
        "  def training_step(self, batch, at):\n"
        "    loss = (self.net(batch[0])[:, 0] - batch[1]).square().mean()\n"
        "    self.log('train_loss', loss)\n"
        "    return loss\n"
        "  def configure_optimizers(self):\n"
        "    return torch.optim.SGD(self.parameters(), lr=0.01)\n"
        "data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y))\n"
        "lightning.Trainer(\n"
        "  max_epochs=2, log_every_n_steps=1, enable_progress_bar=False,\n"
        "  enable_checkpointing=False, enable_model_summary=False,\n"
        "  logger=lightning.pytorch.loggers.CSVLogger('logs'),\n"
        ").fit(Net(), torch.utils.data.DataLoader(data, batch_size=20))\n"
        "trainer = lightning.Trainer(\n"
        "  max_epochs=3, logger=False, enable_progress_bar=False,\n"
        "  enable_checkpointing=False, enable_model_summary=False,\n"
        ")\n"
        "before = list(trainer.callbacks)\n"
        "trainer.fit(Net(), torch.utils.data.DataLoader(data, batch_size=20))\n"
        "assert trainer.callbacks == before",
    )
    assert {name: len(values) for name, values in found.items()} == {
        "loss": 2,
        "val_loss": 2,
        "fit.train_loss": 4,
        "trainer.train_loss": 3,
    }
