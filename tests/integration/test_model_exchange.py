#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models to and from Python: what XGBoost trained in Python scores the same here, from .json and .ubj; what
we write opens in Python and predicts the same; an exported MLmodel directory loads through xgboost, and
through mlflow.pyfunc where MLflow is installed.

Needs Python's xgboost and numpy (apt: python3-xgboost); skipped without. Another interpreter that has them,
of another version of XGBoost for instance, is named by TILLWATCH_XGBOOST_PYTHON. MLflow is looked for in
that interpreter and then in .deps/venv (scripts/deps.sh test)."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

OTHER = os.environ.get("TILLWATCH_XGBOOST_PYTHON")
if OTHER and not os.environ.get("TILLWATCH_IN_OTHER"):
    os.environ["TILLWATCH_IN_OTHER"] = "1"
    os.execv(OTHER, [OTHER, *sys.argv])

try:
    import numpy as np
    import xgboost as xgb
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

EXCHANGE = os.environ.get("TILLWATCH_EXCHANGE", "exchange")
VENV = pathlib.Path(__file__).resolve().parents[2] / ".deps" / "venv" / "bin" / "python"
NAMES = ["amount", "refund_n_7d", "void_rate_28d", "hour", "gap_s", "outlier", "evidence", "fired_n"]
SEED = 20260501


def make(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.gamma(1.0, 20.0, (rows, len(NAMES))).astype(np.float32)
    x[:, 1] = rng.integers(0, 9, rows)
    x[:, 3] = rng.random(rows) * 24
    x[:, 7] = rng.integers(0, 4, rows)
    z = 0.05 * x[:, 0] + 0.4 * x[:, 1] + (x[:, 7] > 2) * 2 + rng.normal(0, 1, rows)
    y = (z > 4.5).astype(np.float32)
    x[rng.random(x.shape) < 0.06] = np.nan
    x[0] = np.nan
    return x, y


def train(objective="binary:logistic", rounds=60, **more):
    x, y = make(3000, SEED)
    params = {"objective": objective, "tree_method": "hist", "max_depth": 6, "eta": 0.15, "nthread": 1, "seed": 3,
              **more}
    data = xgb.DMatrix(x, y, feature_names=NAMES, nthread=1)
    return xgb.train(params, data, rounds)


def rows_of(x):
    return xgb.DMatrix(x, feature_names=NAMES, nthread=1)


def exchange(*arguments):
    done = subprocess.run([EXCHANGE, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


# Run by an interpreter with MLflow: loads the directory, predicts rows, prints what it found.
PYFUNC = """
import json, sys
import mlflow.pyfunc, numpy, pandas
folder, rows, out = sys.argv[1:]
model = mlflow.pyfunc.load_model(folder)
names = [c.name for c in model.metadata.get_input_schema().inputs]
x = numpy.fromfile(rows, dtype=numpy.float32).reshape(-1, len(names))
frame = pandas.DataFrame(x.astype(numpy.float64), columns=names)
shuffled = frame[names[::-1]]
p = model.predict(frame)
assert numpy.array_equal(p, model.predict(shuffled)), "the schema puts columns in order"
example = model.input_example if hasattr(model, "input_example") else None
numpy.asarray(p, dtype=numpy.float32).tofile(out)
print(json.dumps({"mlflow": mlflow.__version__, "names": names, "id": model.metadata.metadata["tillwatch_model_id"],
                  "example": None if example is None else list(example.columns)}))
"""


class Exchange(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tillwatch-test-")
        cls.x, _ = make(250, SEED + 1)
        cls.rows = os.path.join(cls.folder.name, "rows.f32")
        cls.x.tofile(cls.rows)
        cls.models = {
            "plain": train(),
            "base_score": train(base_score=0.02),
            "deep": train(rounds=15, max_depth=12, min_child_weight=0),
            "monotone": train(rounds=30, monotone_constraints="(1,1,0,0,0,0,0,1)"),
            "logitraw": train("binary:logitraw", rounds=20),
            "reg_logistic": train("reg:logistic", rounds=20),
            "squared": train("reg:squarederror", rounds=20, base_score=0.3),
            "lossguide": train(rounds=20, grow_policy="lossguide", max_leaves=31, max_depth=10),
        }

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def scores(self, model_path):
        out = self.path("scores.f32")
        exchange("score", model_path, self.rows, out)
        return np.fromfile(out, dtype=np.float32).reshape(len(self.x), len(NAMES) + 3)

    def assert_equal_scores(self, model_path, booster):
        ours, rows = self.scores(model_path), rows_of(self.x)
        margin = booster.predict(rows, output_margin=True)
        np.testing.assert_allclose(ours[:, 0], margin, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(ours[:, 1], booster.predict(rows), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(ours[:, 2:], booster.predict(rows, pred_contribs=True), rtol=1e-5, atol=1e-5)

    def test_models_of_python_score_the_same_here(self):
        for name, booster in self.models.items():
            for ending in ("json", "ubj"):
                with self.subTest(model=name, form=ending):
                    path = self.path(f"{name}.{ending}")
                    booster.save_model(path)
                    self.assert_equal_scores(path, booster)

    def test_what_we_write_opens_in_python(self):
        for name, booster in self.models.items():
            path = self.path(f"{name}-theirs.json")
            booster.save_model(path)
            for ending in ("json", "ubj"):
                with self.subTest(model=name, form=ending):
                    written = self.path(f"{name}-ours.{ending}")
                    exchange("write", path, ending, written)
                    again = xgb.Booster(model_file=written)
                    again.set_param({"nthread": 1})
                    self.assertEqual(again.feature_names, NAMES)
                    for options in ({"output_margin": True}, {}, {"pred_contribs": True}):
                        np.testing.assert_allclose(again.predict(rows_of(self.x), **options),
                                                   booster.predict(rows_of(self.x), **options), rtol=1e-6, atol=1e-6)
                    self.assertEqual(len(again.get_dump()), len(booster.get_dump()))
                    gain = booster.get_score(importance_type="total_gain")
                    ours = again.get_score(importance_type="total_gain")
                    self.assertEqual(sorted(gain), sorted(ours))
                    for key, value in gain.items():
                        self.assertAlmostEqual(ours[key], value, delta=1e-4 * abs(value))

    def test_the_classifier_of_scikit_learn_is_read(self):
        try:
            model = xgb.XGBClassifier(n_estimators=25, max_depth=4, n_jobs=1, tree_method="hist")
        except ImportError as missing:
            self.skipTest(str(missing))
        x, y = make(1500, SEED + 2)
        model.fit(x, y)
        path = self.path("sklearn.json")
        model.save_model(path)
        ours = self.scores(path)
        np.testing.assert_allclose(ours[:, 1], model.predict_proba(self.x)[:, 1], rtol=1e-6, atol=1e-6)

    def export(self, name):
        booster = self.models["base_score"]
        path, folder = self.path(f"{name}.ubj"), self.path(name)
        booster.save_model(path)
        os.mkdir(folder)
        exchange("export", path, folder)
        return path, folder

    def test_an_exported_directory_loads_through_xgboost(self):
        path, folder = self.export("exported")
        self.assertEqual(sorted(os.listdir(folder)),
                         ["MLmodel", "MODEL_CARD.md", "conda.yaml", "input_example.json", "model.twm", "model.ubj",
                          "python_env.yaml", "requirements.txt"])
        booster = xgb.Booster(model_file=os.path.join(folder, "model.ubj"))
        booster.set_param({"nthread": 1})
        self.assertEqual(booster.feature_names, NAMES)
        ours = self.scores(path)
        np.testing.assert_allclose(booster.predict(rows_of(self.x)), ours[:, 1], rtol=1e-6, atol=1e-6)
        with open(os.path.join(folder, "input_example.json"), encoding="utf-8") as file:
            example = json.load(file)
        self.assertEqual(example["columns"], NAMES)
        row = np.array(example["data"], dtype=np.float32)
        self.assertEqual(booster.predict(rows_of(row)).shape, (1,))

    def test_the_yaml_of_an_exported_directory(self):
        try:
            import yaml
        except ImportError as missing:
            self.skipTest(str(missing))
        _, folder = self.export("yaml")
        files = {}
        for name in ("MLmodel", "conda.yaml", "python_env.yaml"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                files[name] = yaml.safe_load(file)
        mlmodel = files["MLmodel"]
        flavor = mlmodel["flavors"]["xgboost"]
        self.assertEqual((flavor["data"], flavor["model_format"]), ("model.ubj", "ubj"))
        self.assertEqual(mlmodel["flavors"]["python_function"]["loader_module"], "mlflow.xgboost")
        inputs = json.loads(mlmodel["signature"]["inputs"])
        self.assertEqual([column["name"] for column in inputs], NAMES)
        self.assertEqual({column["type"] for column in inputs}, {"double"})
        self.assertEqual(json.loads(mlmodel["signature"]["outputs"])[0]["tensor-spec"]["shape"], [-1])
        self.assertEqual(len(mlmodel["metadata"]["tillwatch_sha256"]), 64)
        self.assertIsInstance(mlmodel["utc_time_created"], str)
        self.assertIn("xgboost>=1.7.4", files["conda.yaml"]["dependencies"][-1]["pip"])
        self.assertEqual(files["python_env.yaml"]["dependencies"], ["-r requirements.txt"])
        with open(os.path.join(folder, "MODEL_CARD.md"), encoding="utf-8") as file:
            head = file.read().split("---\n")[1]
        self.assertEqual(yaml.safe_load(head)["library_name"], "xgboost")

    def test_an_exported_directory_loads_through_mlflow(self):
        python = next((p for p in (sys.executable, str(VENV)) if os.access(p, os.X_OK) and subprocess.run(
            [p, "-c", "import mlflow, xgboost, pandas"], capture_output=True).returncode == 0), None)
        if not python:
            self.skipTest("MLflow is not installed (scripts/deps.sh test tries to)")
        path, folder = self.export("mlflow")
        out = self.path("pyfunc.f32")
        done = subprocess.run([python, "-c", PYFUNC, folder, self.rows, out], capture_output=True, text=True,
                              env={**os.environ, "MLFLOW_TRACKING_URI": "file://" + self.path("tracking")})
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout.strip().splitlines()[-1])
        self.assertEqual(found["names"], NAMES)
        self.assertEqual(found["id"], "classifier-2026-01-28-0a1b2c3d")
        if found["example"] is not None:
            self.assertEqual(found["example"], NAMES)
        np.testing.assert_allclose(np.fromfile(out, dtype=np.float32), self.scores(path)[:, 1], rtol=1e-6, atol=1e-6)


if __name__ == "__main__":
    print(f"xgboost {xgb.__version__}, seed {SEED}")
    unittest.main(verbosity=2)
