"""Systems that are told the class of a digit: what it says of an image is to be out of the rest of the code.

XCov: Cheung, Livezey, Bansal & Olshausen, *Discovering hidden factors of variation in deep networks*, ICLR workshop
2015. Fader networks: Lample et al., NeurIPS 2017. Jacobian supervision with attributes: Lezama, ICLR 2019, Section 4.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from ..data.sample import Sample
from ..errors import BadInput
from ..model.decoders import ConvolutionalDecoder
from .labelled import CLASSES, LabelledDigits, checked_labels
from .networks import Rival
from .teachers import covariance_norm, held, other_change


class Supervised(Rival):
    """Codes are z, m numbers, and ten more of the class, y. Raises `BadInput` for data without labels."""

    supervised = True

    def __init__(self, recipe: Any):
        if not isinstance(recipe.data, LabelledDigits):
            raise BadInput(f"{recipe.system} is told the class of each image: its data is to be LabelledDigits.")
        super().__init__(recipe)
        self.encoder = self._encoder(self.m + CLASSES)
        self.decoder = ConvolutionalDecoder(self.m + CLASSES, self.size)

    @property
    def parts(self) -> list[list[int]]:
        return [*super().parts, list(range(self.m, self.m + CLASSES))]

    def coded(self, sample: Sample) -> Tensor:
        """The codes (B, m + 10) of a sample."""
        return self.encode(sample.images)

    def reconstruct(self, sample: Sample) -> Tensor:
        return self.decode(self.coded(sample))


class XCov(Supervised):
    """‖x − x̂‖² + β CE(ŷ, label) + γ C(ŷ, z); γ is the recipe's weight, β = 10, and y = ŷ, what is said of the class."""

    grid = (10.0,)
    beta = 10.0

    def encode(self, images: Tensor) -> Tensor:
        return self.predicted(self.encoder(self._fitting(images)).float())[0]

    def predicted(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Codes with probabilities for the class, and its logits."""
        z, logits = raw.split([self.m, CLASSES], dim=1)
        return torch.cat([z, logits.softmax(dim=1)], dim=1), logits

    def loss(self, batch: Any, progress: float) -> Tensor:
        images, labels = batch
        code, logits = self.predicted(self.encoder(images).float())
        known = self.beta * F.cross_entropy(logits, labels)
        known = known + self.recipe.weight * cross_covariance(code[:, self.m :], code[:, : self.m])
        return self.relative(images, self.decode(code)) + known * len(images) / images.square().sum()


class Fader(Supervised):
    """‖x − D(E(x), label)‖² + λ CE(critic(E(x)), another label); the critic learns CE(critic(E(x)), label).

    λ, the recipe's weight, rises evenly over the first half. Every layer of D is told the label. The critic is a
    perceptron of 512 units with dropout 0.3, for the code is a vector here, and takes its own step in the same step.
    """

    grid = (1e-4,)
    units, dropout, rise = 512, 0.3, 1 / 2

    def __init__(self, recipe: Any):
        super().__init__(recipe)
        self.encoder = self._encoder(self.m)
        self.decoder = Told(self.m, self.size)
        layers = [nn.Linear(self.m, self.units), nn.LeakyReLU(0.2), nn.Dropout(self.dropout)]
        self.critic = nn.Sequential(*layers, nn.Linear(self.units, CLASSES))

    def encode(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images and their labels → codes: E(x), then the label as ten numbers, one of them 1."""
        images = self._fitting(images)
        of_class = F.one_hot(checked_labels(labels, len(images)), CLASSES).to(images)
        return torch.cat([self.encoder(images).float(), of_class], dim=1)

    def coded(self, sample: Sample) -> Tensor:
        return self.encode(sample.images, getattr(sample, "labels", None))

    def loss(self, batch: Any, progress: float) -> Tensor:
        images, labels = batch
        code = self.encode(images, labels)
        z, share = code[:, : self.m], self.recipe.weight * min(1.0, progress / self.rise)
        fooled = F.cross_entropy(self.held_critic(z), another(labels))
        own = F.cross_entropy(self.critic(z.detach()).float(), labels)
        value = self.relative(images, self.decode(code))
        return value + share * fooled * images.numel() / images.square().sum() + own - own.detach()

    def held_critic(self, z: Tensor) -> Tensor:
        """The critic's logits, without dropout; no gradient reaches it."""
        held = {name: parameter.detach() for name, parameter in self.critic.named_parameters()}
        training = self.critic.training
        logits = functional_call(self.critic.eval(), held, (z,))
        self.critic.train(training)
        return logits.float()


class Told(ConvolutionalDecoder):
    """The convolutional decoder, each layer of which is told the class as well: codes (B, m + 10) → (B, 1, N, N)."""

    def __init__(self, m: int, size: int):
        super().__init__(m + CLASSES, size)
        for i, conv in enumerate(self.convs):
            told: Any = nn.Conv2d(conv.in_channels + CLASSES, conv.out_channels, 3, padding=1)
            nn.init.normal_(told.weight, std=float(conv.weight.detach().std()))
            nn.init.zeros_(told.bias)
            self.convs[i] = told

    def forward(self, z: Tensor) -> Tensor:
        of_class, x = z[:, -CLASSES:, None, None], self.mlp(z)
        for i, conv in enumerate(self.convs):
            x = torch.cat([x, of_class.expand(-1, -1, *x.shape[2:]).to(x)], dim=1)
            x = F.pixel_shuffle(conv(x), 2)
            x = x if i + 1 == len(self.convs) else F.leaky_relu(x, 0.2)
        return x


class GrownWithClass(Supervised):
    """Section 4: a teacher with a short code z learns y, the class, by a hinge; a student with all of z follows it.

    ρ ‖x − x̂‖² + Σ_c max(0, 1 − ±y_c) + λ_x ‖Cov(z, y)‖, and of the student λ_y ‖y_T − y‖² and
    λ ‖[D_T(z_T, y_T) − D_T(z_T, πy_T)] − [D(z, y) − D(z, πy)]‖²; λ is the recipe's weight, ρ = 100, λ_x = 0.01,
    λ_y = 1. The teacher has d0 numbers beside y and half of the training; the student starts as its teacher.
    """

    grid = (50.0,)
    of_images, of_covariance, of_codes, taught_until = 100.0, 0.01, 1.0, 1 / 2
    student: Any
    teacher: Any

    def __init__(self, recipe: Any):
        super().__init__(recipe)
        self.register_buffer("student", torch.zeros(()))  # whether there is one yet
        self.teacher = held(self)

    def encode(self, images: Tensor) -> Tensor:
        code = super().encode(images)
        return code if self.student else self.short(code)

    def short(self, code: Tensor) -> Tensor:
        """Codes of the teacher: only the last d0 numbers of z, and y."""
        unused = self.m - self.recipe.d0
        return torch.cat([torch.zeros_like(code[:, :unused]), code[:, unused:]], dim=1)

    def loss(self, batch: Any, progress: float) -> Tensor:
        images, labels = batch
        if progress >= self.taught_until and not self.student:
            self.student.fill_(1)
            self.teacher.encoder.load_state_dict(self.encoder.state_dict())
            self.teacher.decoder.load_state_dict(self.decoder.state_dict())
        code = self.encode(images)
        output, z, y = self.decode(code), code[:, : self.m], code[:, self.m :]
        terms = hinge(y, labels) + self.of_covariance * covariance_norm(z, y)
        if self.student:
            terms = terms + self.follow(images, output, z, y)
        return self.relative(images, output) + terms / self.of_images * images.numel() / images.square().sum()

    def follow(self, images: Tensor, output: Tensor, z: Tensor, y: Tensor) -> Tensor:
        """What a student loses where its y, and what y does, are not its teacher's."""
        swap = torch.randperm(len(y), device=y.device)
        with torch.no_grad():
            taught = self.short(self.teacher.encoder(images).float())
            mixed = torch.cat([taught[:, : self.m], taught[swap, self.m :]], dim=1)
            change = self.teacher.decoder(taught) - self.teacher.decoder(mixed)
        own = output - self.decode(torch.cat([z, y[swap]], dim=1))
        apart = (taught[:, self.m :] - y).square().mean()
        return self.of_codes * apart + self.recipe.weight * other_change(own, change)


def cross_covariance(y: Tensor, z: Tensor) -> Tensor:
    """½ Σ_ij [(1/B) Σ_n (y_ni − ȳ_i)(z_nj − z̄_j)]² of y (B, c) and z (B, m)."""
    return ((y - y.mean(dim=0)).T @ (z - z.mean(dim=0)) / len(y)).square().sum() / 2


def hinge(y: Tensor, labels: Tensor) -> Tensor:
    """Σ_c max(0, 1 − s_c y_c), a mean over images: s_c is 1 for the label, −1 for the other classes. y: (B, 10)."""
    signs = 2.0 * F.one_hot(labels, y.shape[1]) - 1
    return (1 - signs * y).clamp(min=0).sum() / len(y)


def another(labels: Tensor) -> Tensor:
    """For each label (B,) one of the other nine, at random."""
    return (labels + torch.randint(1, CLASSES, labels.shape, device=labels.device)) % CLASSES
