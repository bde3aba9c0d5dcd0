"""The one loop: exact resume, several processes, stops and kills that lose nothing."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import stand_ins
import torch
from stand_ins import PLAIN, TINY, TINY_PURSUIT

import atomic_lib
from atomic_lib import BadInput, Training
from atomic_lib.data import Spikes
from atomic_lib.progress import POINTS, Curve


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(recipe, folder=None, **options):
    return Training(recipe, device="cpu", **options).run(folder, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [TINY, TINY_PURSUIT], ids=lambda recipe: recipe.name)
def test_resumed_is_the_same_to_the_bit(recipe, tmp_path):
    whole = Training(recipe, seed=3, device="cpu")
    for _ in range(40):
        whole.advance()
    first = Training(recipe, seed=3, device="cpu")
    for _ in range(20):
        first.advance()
    first.save(tmp_path)
    torch.manual_seed(99)  # whatever happened in between
    second = Training(recipe, seed=3, device="cpu").resume(tmp_path)
    assert second.step == 20
    for _ in range(20):
        second.advance()
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name]), name


def test_a_curriculum_goes_from_one_spike_to_all():
    recipe = PLAIN.replace(data=Spikes(size=32, sigma=1.0, k=10), curriculum=0.5)
    ways = (0.0, 0.04, 0.06, 0.25, 0.49, 0.5, 1.0)
    assert [recipe.data_at(way).k for way in ways] == [1, 1, 2, 5, 10, 10, 10]
    assert recipe.data_at(0.5) == recipe.data and PLAIN.data_at(0.0) == PLAIN.data
    always = recipe.replace(data=Spikes(size=32, sigma=1.0, k=10, fewest=4))
    assert always.data_at(0.0).sample(8, torch.Generator()).theta[..., 0].count_nonzero() == 8 * 4
    first, later = (Training(recipe.replace(curriculum=share), 0, "cpu", steps=2) for share in (1.0, 0.0))
    assert first.advance() != later.advance()  # the same seed, fewer spikes


def test_the_seed_decides():
    def weights(seed):
        training = Training(TINY, seed, "cpu")
        training.advance()
        return torch.cat([p.flatten() for p in training.model.parameters()])

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))


@pytest.mark.slow
def test_training_learns_and_its_record_says_how(tmp_path):
    recipe = TINY.replace(steps=150, lr=3e-3)
    record = run(recipe, tmp_path)
    assert record["curve"]["loss"][-1] < 0.9 * record["curve"]["loss"][0]
    written = json.loads((tmp_path / "tiny.json").read_text())
    for field in ("recipe", "seed", "steps", "minutes", "hardware", "torch", "commit", "metrics", "sha256"):
        assert field in written, field
    assert written["steps"] == 150 and not written["short_run"]
    assert {"step", "seconds", "nmse", "jaccard"} <= set(written["curve"]["held_out"][0])
    model = atomic_lib.load(tmp_path / "tiny.safetensors")
    assert not model.training and model.recipe == recipe and model.record == written
    again = atomic_lib.evaluate(model, recipe.data, 512)
    assert again["nmse"] == pytest.approx(written["metrics"]["nmse"], rel=1e-4)


@pytest.mark.slow
def test_a_short_run_is_labelled_as_one():
    assert run(TINY, steps=3)["short_run"] and run(TINY, minutes=0.001)["short_run"]


def test_a_long_curve_is_thinned_evenly():
    curve = Curve()
    for step in range(1, 20_001):
        if step % curve.stride == 0:
            curve.add(step, step / 10, 1 / (1 + step))
    assert len(curve.steps) == len(curve.loss) == len(curve.seconds) < POINTS
    gaps = {after - before for before, after in zip(curve.steps, curve.steps[1:], strict=False)}
    assert gaps == {curve.stride} and curve.steps[-1] > 19_000


def test_another_training_is_not_resumed(tmp_path):
    run(TINY, tmp_path, steps=2)
    with pytest.raises(BadInput, match="seed 0"):
        Training(TINY, 1, "cpu").resume(tmp_path)
    with pytest.raises(BadInput, match="“tiny”"):
        Training(TINY_PURSUIT, 0, "cpu").resume(tmp_path)
    with pytest.raises(BadInput, match="no checkpoint"):
        Training(TINY, 0, "cpu").resume(tmp_path / "elsewhere")


def foreign(_):
    torch.save({}, buffer := io.BytesIO())
    return buffer.getvalue()


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"nonsense", foreign])
def test_a_damaged_checkpoint_is_refused(tmp_path, damage):
    run(TINY, tmp_path, steps=2)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match="damaged"):
        Training(TINY, 0, "cpu").resume(tmp_path)


@pytest.mark.slow
def test_weights_that_do_not_belong_together(tmp_path):
    run(TINY, tmp_path, steps=1)
    run(TINY_PURSUIT, tmp_path / "other", steps=1)
    tiny, other = tmp_path / "tiny.safetensors", tmp_path / "other" / "tiny-pursuit.safetensors"
    record, content = json.loads((tmp_path / "tiny.json").read_text()), tiny.read_bytes()
    foreign = json.loads(other.with_suffix(".json").read_text())
    (tmp_path / "tiny.json").write_text(json.dumps({**record, "sha256": foreign["sha256"]}))
    tiny.write_bytes(other.read_bytes())
    with pytest.raises(BadInput, match="not weights of the recipe “tiny”"):
        atomic_lib.load(tiny)
    (tmp_path / "tiny.json").write_text(json.dumps(record))
    for change in ({"k": "a"}, {"encoder": "foo"}, {"latents": "xx"}, {"data": "x"}, {"encoder_options": None}):
        altered = {**record, "recipe": {**record["recipe"], **change}}
        (tmp_path / "tiny.json").write_text(json.dumps({**altered, "sha256": foreign["sha256"]}))
        with pytest.raises(BadInput, match="recipe"):
            atomic_lib.load(tiny)
    (tmp_path / "tiny.json").write_text(json.dumps(record))
    for damaged in (content[:-8], content[:-1] + b"\x55"):
        tiny.write_bytes(damaged)
        with pytest.raises(BadInput, match="sha256"):
            atomic_lib.load(tiny)
    tiny.write_bytes(content)
    (tmp_path / "tiny.json").write_text(json.dumps({**record, "recipe": {"name": "tiny", "unheard": 1}}))
    with pytest.raises(BadInput, match="recipe"):
        atomic_lib.load(tiny)
    (tmp_path / "tiny.json").write_text("{")
    with pytest.raises(BadInput, match="not a JSON record"):
        atomic_lib.load(tiny)
    (tmp_path / "tiny.json").unlink()
    with pytest.raises(BadInput, match="record"):
        atomic_lib.load(tiny)


def command(*arguments, **options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, env=environment, timeout=240, **options
    )


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path):
    done = command(
        "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m",
        "atomic_lib", "train", "spikes-plain", "--steps", "2", "--device", "cpu", "--out", str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    record = json.loads((tmp_path / "spikes-plain.json").read_text())
    assert record["steps"] == 2 and record["hardware"].startswith("2 ×")
    assert atomic_lib.load(tmp_path / "spikes-plain.safetensors").k == 10


@pytest.mark.slow
def test_processes_see_other_images_and_keep_the_same_weights(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(f"""
import json, sys, torch
sys.path.insert(0, {os.path.dirname(stand_ins.__file__)!r})
from stand_ins import TINY
from atomic_lib import Training
training = Training(TINY, 0, "cpu")
losses = [training.advance() for _ in range(3)]
weights = torch.cat([p.detach().flatten() for p in training.model.parameters()]).tolist()
with open({str(tmp_path)!r} + f"/{{training.world.rank}}.json", "w") as file:
    json.dump([losses, weights], file)
training.world.leave()
""")
    done = command("torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script))
    assert done.returncode == 0, done.stderr[-2000:]
    (losses, weights), (other_losses, other_weights) = (
        json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)
    )
    assert weights == other_weights and losses != other_losses


@pytest.mark.slow
def test_a_stop_saves_and_resume_goes_on(tmp_path):
    arguments = [sys.executable, "-m", "atomic_lib", "train", "spikes-plain", "--device", "cpu", "--out", str(tmp_path)]
    process = subprocess.Popen([*arguments, "--steps", "4000"], stderr=subprocess.PIPE, text=True)
    while "/4000" not in process.stderr.readline(200):  # the bar: training has begun
        assert process.poll() is None
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 130 and "--resume" in errors and "Traceback" not in errors
    step = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"]
    assert 0 < step < 4000
    done = command("atomic_lib", *arguments[3:], "--resume", "--steps", str(step + 1))
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads((tmp_path / "spikes-plain.json").read_text())["steps"] == step + 1


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_checkpoint_leaves_the_one_before(tmp_path):
    """A process is killed while the new checkpoint is half on disk."""
    run(TINY, tmp_path, steps=2)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    script = f"""
import os, signal
from pathlib import Path
from atomic_lib import files
def dies(file):
    file.write(b"x" * 100_000); file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
files.write_whole(Path({str(tmp_path)!r}) / "checkpoint.pt", writer=dies)
"""
    done = subprocess.run([sys.executable, "-c", script], timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert Training(TINY, 0, "cpu").resume(tmp_path).step == 2
