use std::fmt;

use crate::double::Moved;
use crate::relative::{Difference, Measure};
use crate::row::{Outcome, Side};

/// Directions in which the weights are moved.
const DIRECTIONS: u64 = 3;
/// Halvings of the way: what is left of it is [`FARTHEST`](crate::double::FARTHEST) times 1e-9 of a weight.
const HALVINGS: u32 = 30;

/// What double precision says of gradients in which flex and a device differ.
///
/// The gradients of a network jump where an activation passes zero at a ReLU, or another in a maximum. Two computations that round differently may stand on
/// either side of such an edge and both be right. Then the same jump is there in double precision, between two points that are
/// next to each other, and each computation agrees with a side of it.
#[derive(Clone, Copy, Debug)]
pub enum Edge {
    /// Gradients jump within some millionths of the weights.
    Jump {
        /// By how much, from one side to the other.
        height: f64,
        /// How far flex's gradients are from those of the nearer side.
        flex: f64,
        /// How far the device's are.
        device: f64,
    },
    /// No such jump was found.
    None {
        /// How far flex's gradients are from those in double precision.
        flex: f64,
        /// How far the device's are.
        device: f64,
    },
}

impl Edge {
    /// Looks for a jump that is at least half the difference between `flex` and `device`.
    pub fn find(flex: &Outcome, device: &Outcome, compute: impl Fn(Side) -> Outcome) -> Self {
        let apart = |a: &Outcome, b: &Outcome| {
            Difference::new(&a.gradients, &b.gradients, Measure::Norm).largest
        };
        let at = |seed, share| compute(Side::Double(Some(Moved { seed, share })));
        let enough = 0.5 * apart(device, flex);
        for seed in 1..=DIRECTIONS {
            let mut shares = [0.0, 1.0];
            let mut sides = shares.map(|share| at(seed, share));
            let mut halvings = 0;
            while halvings < HALVINGS && apart(&sides[1], &sides[0]) >= enough {
                let share = 0.5 * (shares[0] + shares[1]);
                let between = at(seed, share);
                // The half with the jump stays.
                let end = usize::from(apart(&between, &sides[0]) > apart(&sides[1], &between));
                shares[end] = share;
                sides[end] = between;
                halvings += 1;
            }
            let height = apart(&sides[1], &sides[0]);
            if height >= enough {
                let nearer = |ours| apart(ours, &sides[0]).min(apart(ours, &sides[1]));
                let [flex, device] = [nearer(flex), nearer(device)];
                return Self::Jump {
                    height,
                    flex,
                    device,
                };
            }
        }
        let exact = compute(Side::Double(None));
        Self::None {
            flex: apart(flex, &exact),
            device: apart(device, &exact),
        }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jump {
                height,
                flex,
                device,
            } => write!(
                f,
                "in double precision a jump of {height:.1e}; from its sides flex {flex:.1e}, device {device:.1e}"
            ),
            Self::None { flex, device } => write!(
                f,
                "from double precision flex {flex:.1e}, device {device:.1e}"
            ),
        }
    }
}
