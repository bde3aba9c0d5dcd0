"""Each objective against what can be worked out by hand."""

import math

import pytest
import torch
from small_rivals import TINY, tiny
from torch.distributions import Normal, kl_divergence

from atomic_lib.rivals.correlation import stratified, total_correlation
from atomic_lib.rivals.dip import DIPVAE, DIPVAE2, covariance, from_identity
from atomic_lib.rivals.factor import FactorVAE, critics_loss, held_correlation, permuted
from atomic_lib.rivals.jl1 import moved
from atomic_lib.rivals.vae import kl, off_capacity, sampled


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def images(count=6):
    """A few images of the small recipe."""
    return TINY["data"].held_out(count).images


def test_the_kl_is_that_of_two_gaussians_in_nats():
    mean, std = torch.randn(5, 3), torch.rand(5, 3) + 0.1
    assert torch.allclose(kl(mean, 2 * std.log()), kl_divergence(Normal(mean, std), Normal(0.0, 1.0)), atol=1e-5)
    assert kl(torch.zeros(1, 1), torch.zeros(1, 1)) == 0
    assert kl(torch.tensor([[2.0]]), torch.zeros(1, 1)) == 2  # ½ μ²


def test_sampled_codes_have_the_posteriors_mean_and_variance():
    mean, log_variance = torch.tensor([1.0, -2.0]), torch.tensor([0.0, math.log(0.25)])
    z = sampled(mean.expand(40_000, 2), log_variance.expand(40_000, 2))
    assert torch.allclose(z.mean(0), mean, atol=0.02) and torch.allclose(z.var(0), log_variance.exp(), atol=0.02)


def test_the_capacity_is_asked_of_the_mean_over_the_batch_and_not_of_each_image():
    nats = torch.tensor([[1.0, 1.0], [3.0, 5.0]])  # 2 and 8 nats: 5 on average
    assert off_capacity(nats, 5.0) == 0 and off_capacity(nats, 7.0) == 2 == off_capacity(nats, 3.0)


def test_an_annealed_capacity_rises_from_nothing_to_its_weight():
    model = tiny("annealed", weight=5).build()
    mean, log_variance = torch.full((4, 6), 1.0), torch.zeros(4, 6)  # 3 nats an image
    terms = [float(model.regulariser(mean, log_variance, mean, progress)) for progress in (0.0, 1 / 6, 1 / 3, 1.0)]
    assert terms == pytest.approx([3000, 500, 2000, 2000])


def test_the_loss_is_minus_the_gaussian_log_likelihood_and_the_kl_in_one_unit():
    model, x = tiny("beta-vae", weight=4).build(), images()
    state = torch.get_rng_state()
    value = model.loss(x, 1.0)
    torch.set_rng_state(state)
    mean, log_variance = model.posterior(x)
    output, s = model.decode(sampled(mean, log_variance)), model.recipe.std
    nats = -Normal(output, s).log_prob(x).sum() / len(x) + 4 * kl(mean, log_variance).sum() / len(x)
    constant = x[0].numel() * math.log(s * math.sqrt(2 * math.pi))
    assert torch.allclose(value, (nats - constant) * 2 * s**2 * len(x) / x.square().sum(), rtol=1e-4)


def test_stratified_weights_sum_to_one_and_have_one_over_n_on_the_diagonal():
    for batch, count in ((4, 100), (32, 25_600), (8, 8)):
        weights = stratified(batch, count)
        assert torch.allclose(weights.sum(1), torch.ones(batch), atol=1e-6)
        assert torch.allclose(weights.diagonal(), torch.full((batch,), 1 / count))
        following = weights[torch.arange(batch), (torch.arange(batch) + 1) % batch]
        assert torch.allclose(following, torch.full((batch,), (count - batch + 1) / (count * (batch - 1))))
    whole = stratified(8, 8)  # the batch is the whole set: on average all alike
    assert float((whole.sum() - whole.diagonal().sum()) / 56) == pytest.approx(1 / 8)


@pytest.mark.slow
def test_the_total_correlation_of_a_correlated_gaussian_is_minus_half_the_log_determinant():
    correlations, noise, count = torch.tensor([[1, 0.8], [0.8, 1]]), 0.4, 3000
    root = torch.linalg.cholesky(correlations - noise**2 * torch.eye(2))
    mean = torch.randn(count, 2) @ root.T
    log_variance = torch.full((count, 2), 2 * math.log(noise))
    z = sampled(mean, log_variance)  # covariance: correlations
    even = torch.full((count, count), 1 / count)
    exact = -0.5 * float(torch.logdet(correlations))
    assert float(total_correlation(z, mean, log_variance, even)) == pytest.approx(exact, abs=0.05)
    alone = sampled(mean[:, :1].expand(-1, 2) * 0, log_variance)  # independent coordinates
    assert float(total_correlation(alone, mean * 0, log_variance, even)) == pytest.approx(0, abs=1e-4)


def test_beta_1_of_the_tc_vae_is_the_vae():
    model = tiny("beta-tcvae", weight=1).build()
    mean, log_variance = torch.randn(5, 6), torch.randn(5, 6)
    terms = model.regulariser(mean, log_variance, sampled(mean, log_variance), 1.0)
    assert torch.allclose(terms, kl(mean, log_variance).sum(1).mean())


def test_permuted_codes_keep_every_marginal_and_lose_what_was_common():
    z = torch.randn(5000, 1).expand(-1, 3) + 0.1 * torch.randn(5000, 3)
    shuffled = permuted(z)
    assert torch.equal(shuffled.sort(0).values, z.sort(0).values)
    assert torch.corrcoef(z.T)[0, 1] > 0.9 and torch.corrcoef(shuffled.T)[0, 1].abs() < 0.1
    assert torch.corrcoef(shuffled.T)[1, 2].abs() < 0.1  # each by itself, not all in one order


def test_the_critics_step_does_not_reach_the_encoder_nor_the_encoders_the_critic():
    model, x = tiny("factor-vae").build(), images()
    z = model.posterior(x)[0]
    critics_loss(model.critic, z).backward()
    assert all(weight.grad is None for weight in model.encoder.parameters())
    assert all(weight.grad is not None for weight in model.critic.parameters())
    model.zero_grad()
    held_correlation(model.critic, model.posterior(x)[0]).backward()
    assert all(weight.grad is None for weight in model.critic.parameters())
    assert any(weight.grad.abs().sum() > 0 for weight in model.encoder.parameters())


def test_the_critics_loss_adds_nothing_to_the_value_of_the_encoders():
    model = tiny("factor-vae").build()
    mean, log_variance = torch.randn(5, 6), torch.randn(5, 6)
    expected = kl(mean, log_variance).sum(1).mean() + model.recipe.weight * held_correlation(model.critic, mean)
    assert torch.allclose(model.regulariser(mean, log_variance, mean, 1.0), expected)


def test_a_critic_that_has_learned_tells_the_total_correlation():
    correlation = 0.8
    critic = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.LeakyReLU(0.2), torch.nn.Linear(64, 2))
    optimiser = torch.optim.Adam(critic.parameters(), lr=1e-2)
    root = torch.linalg.cholesky(torch.tensor([[1, correlation], [correlation, 1]]))
    for _ in range(300):
        optimiser.zero_grad()
        critics_loss(critic, torch.randn(512, 2) @ root.T).backward()
        optimiser.step()
    found = float(held_correlation(critic, torch.randn(20_000, 2) @ root.T))
    assert found == pytest.approx(-0.5 * math.log(1 - correlation**2), abs=0.12)


def test_six_hidden_layers_judge_the_codes():
    linear = [layer for layer in tiny("factor-vae").build().critic if isinstance(layer, torch.nn.Linear)]
    assert len(linear) == 7 and linear[-1].out_features == 2 and isinstance(linear[0], torch.nn.Linear)
    assert FactorVAE.grid == (10, 20, 30, 40, 50, 100)


def whitened(count=64, m=4):
    """Codes whose covariance is the identity."""
    z = torch.randn(count, m)
    z = z - z.mean(0)
    return z @ torch.linalg.inv(torch.linalg.cholesky(z.T @ z / count)).T


def test_dip_of_whitened_means_is_nothing_and_of_a_known_covariance_what_it_is():
    between, along = from_identity(covariance(whitened()))
    assert abs(between) < 1e-9 and abs(along) < 1e-9
    between, along = from_identity(torch.tensor([[3.0, 0.5], [0.5, 1.0]]))
    assert between == 0.5 and along == 4


def test_dip_1_looks_at_the_means_and_dip_2_at_the_codes():
    mean, log_variance = whitened(), torch.full((64, 4), math.log(0.5))
    one, two = (tiny(f"dip-vae-{i}", weight=2).build() for i in (1, 2))
    nats = kl(mean, log_variance).sum(1).mean()
    assert torch.allclose(one.regulariser(mean, log_variance, mean, 1.0), nats, atol=1e-4)
    lost = two.regulariser(mean, log_variance, mean, 1.0) - nats
    assert float(lost) == pytest.approx(2 * 4 * 0.5**2, rel=1e-3)  # the variance of a code is 1.5; λ_d = λ_od
    shifted = two.covariance(mean * 0, log_variance)
    assert torch.allclose(shifted, 0.5 * torch.eye(4))  # on the diagonal alone
    assert (DIPVAE.steeper, DIPVAE2.steeper) == (10, 1)


def test_the_jl1_term_of_a_linear_decoder_is_the_sum_of_its_weights():
    decoder = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Unflatten(1, (1, 4, 4)))
    assert torch.allclose(moved(decoder, torch.randn(5, 3)), decoder[0].weight.abs().sum())


def test_the_jl1_term_teaches_the_decoder_alone():
    model, x = tiny("jl1-vae").build(), images()
    mean, _ = model.posterior(x)
    moved(model.decoder, mean[:1].detach()).backward()
    assert all(weight.grad is None for weight in model.encoder.parameters())
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.decoder.parameters())
