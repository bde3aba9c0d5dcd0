"""Jacobian supervision, XCov and fader networks against what can be worked out by hand; labels that are missing."""

import pytest
import torch
from small_rivals import TINY, tiny

from atomic_lib import BadInput, Training
from atomic_lib.rivals.labelled import CLASSES, LabelledDigits
from atomic_lib.rivals.recipes import RIVALS, SUPERVISED
from atomic_lib.rivals.supervised import another, cross_covariance, hinge
from atomic_lib.rivals.teachers import covariance_norm, other_change


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def told(system, **changes):
    """A small recipe of a system that is told the class."""
    small = {"data": LabelledDigits(size=16), "k": 2, "d0": 3, "steps": 4, "batch": 6, "bfloat16": False}
    return RIVALS[f"digits-{system}"].replace(**{**small, **changes})


def labelled(count=8):
    """Held-out digits with their labels."""
    return LabelledDigits(size=16).held_out(count)


def test_xcov_is_half_the_sum_of_the_squared_covariances_and_so_is_its_gradient():
    y, z = torch.randn(7, 2, requires_grad=True), torch.randn(7, 3)
    covariance = torch.stack(
        [torch.stack([torch.cov(torch.stack([a, b]), correction=0)[0, 1] for b in z.T]) for a in y.T]
    )
    value = cross_covariance(y, z)
    assert torch.allclose(value, covariance.square().sum() / 2)
    (gradient,) = torch.autograd.grad(value, y)
    assert torch.allclose(gradient, (z - z.mean(0)) @ covariance.T.detach() / len(z), atol=1e-6)


def test_xcov_of_what_is_independent_is_nothing():
    y = torch.tensor([[1.0], [1], [-1], [-1]])
    assert cross_covariance(y, torch.tensor([[1.0], [-1], [1], [-1]])) == 0
    assert cross_covariance(y, y) == 0.5 and covariance_norm(y, y) == 1  # half the square, and the norm


def test_the_hinge_asks_every_class_for_its_side_of_one():
    y = torch.full((2, 10), -1.0)
    y[0, 3] = y[1, 7] = 1.0
    assert hinge(y, torch.tensor([3, 7])) == 0
    assert hinge(torch.zeros(2, 10), torch.tensor([3, 7])) == 10
    assert hinge(y, torch.tensor([4, 7])) == 2  # of one image of two, two classes are off by 2


def test_another_label_is_each_of_the_other_nine():
    labels = torch.full((2000,), 3)
    assert set(another(labels).tolist()) == set(range(CLASSES)) - {3}


def test_a_student_that_is_its_teacher_changes_as_it_does():
    model = tiny("jacobian").build()
    y, swap = torch.randn(5, 6), torch.randperm(5)
    changes = [net.decoder(y) - net.decoder(y[swap]) for net in (model, model.teacher)]
    assert other_change(*changes) == 0
    assert other_change(torch.zeros(2, 1, 4, 4), torch.full((2, 1, 4, 4), 3.0)) == 9


def test_a_grown_code_begins_with_one_block_and_ends_with_all_of_them():
    model, x = tiny("jacobian").build(), TINY["data"].held_out(6).images
    model.train()
    model.loss(x, 0.0)
    assert model.active == 3 and (model.encode(x)[:, :3] == 0).all() and (model.encode(x)[:, 3:] != 0).any()
    before = {name: weight.clone() for name, weight in model.encoder.state_dict().items()}
    model.loss(x, 0.5)
    assert model.active == 6 and (model.encode(x) != 0).any(dim=0).all()
    assert all(torch.equal(weight, before[name]) for name, weight in model.teacher.encoder.state_dict().items())


def test_a_student_starts_as_its_teacher_and_what_is_new_in_it_is_left_free():
    """At the start of a stage the student has its teacher's y, and it changes as its teacher does but for z."""
    model, x = tiny("jacobian").build(), TINY["data"].held_out(6).images
    model.train()
    model.graduate(0.5)
    taught = model.shown(model.teacher.encoder(x), 3)
    assert torch.equal(model.encode(x)[:, 3:], taught[:, 3:])


def test_no_gradient_reaches_a_teacher():
    model, x = tiny("jacobian").build(), TINY["data"].held_out(6).images
    model.loss(x, 0.5).backward()
    assert all(weight.grad is None for weight in model.teacher.parameters())
    assert all(weight.grad is not None for weight in (*model.encoder.parameters(), *model.decoder.parameters()))


def test_the_faders_critic_does_not_reach_the_encoder_nor_the_encoder_the_critic():
    model, sample = told("fader").build(), labelled()
    z = model.encode(sample.images, sample.labels)[:, :6]
    torch.nn.functional.cross_entropy(model.held_critic(z), sample.labels).backward()
    assert all(weight.grad is None for weight in model.critic.parameters())
    assert any(weight.grad is not None for weight in model.encoder.parameters())
    model.zero_grad()
    model.loss((sample.images, sample.labels), 0.0).backward()
    assert all(weight.grad is not None for weight in model.critic.parameters())


def test_dropout_is_off_where_the_encoder_asks_the_critic():
    model = told("fader").build().train()
    z = torch.randn(4, 6)
    assert torch.equal(model.held_critic(z), model.held_critic(z)) and model.critic.training
    assert not torch.equal(model.critic(z), model.critic(z))


def test_every_layer_of_the_faders_decoder_is_told_the_class():
    model = told("fader").build()
    assert model.decoder.mlp[0].in_features == 16
    assert [conv.in_channels for conv in model.decoder.convs] == [42, 18, 18]


@pytest.mark.parametrize("system", SUPERVISED)
def test_a_supervised_system_trains_and_reconstructs_what_it_is_told(system):
    training = Training(told(system), 0, "cpu")
    training.model.train()
    for step in (0, 3):
        training.step = step
        assert training.advance() > 0
    sample = labelled()
    assert training.model.eval().reconstruct(sample).shape == sample.images.shape
    assert training.record(16)["metrics"]["nmse"] > 0


def test_a_missing_or_wrong_class_label_is_refused():
    model, x = told("fader").build(), labelled(4).images
    with pytest.raises(BadInput, match="the class of each image is missing"):
        model.encode(x)
    for wrong in (torch.tensor([1, 2]), torch.tensor([0, 1, 2, 10]), torch.rand(4)):
        with pytest.raises(BadInput, match="numbers from 0 to 9"):
            model.encode(x, wrong)
    for system in SUPERVISED:
        with pytest.raises(BadInput, match="is told the class of each image"):
            told(system, data=TINY["data"]).build()


def test_labelled_digits_are_the_digits_with_their_own_labels():
    sample = labelled(50)
    plain = RIVALS["digits-conventional"].data.__class__(size=16).held_out(50)
    assert torch.equal(sample.images, plain.images) and sample.labels.shape == (50,)
    assert torch.equal(sample[3:5].labels, sample.labels[3:5]) and torch.equal(sample[4].labels, sample.labels[4:5])
    images, labels = LabelledDigits(size=16).batch(12, torch.Generator().manual_seed(0))
    again = plain.images.new_tensor(0), LabelledDigits(size=16).batch(12, torch.Generator().manual_seed(0))
    assert torch.equal(images, again[1][0]) and torch.equal(labels, again[1][1])
