//! AWS's prices: `prices.json`, with its region and its date. From <https://aws.amazon.com/api-gateway/pricing/>,
//! <https://aws.amazon.com/lambda/pricing/>, <https://aws.amazon.com/dynamodb/pricing/on-demand/>,
//! <https://aws.amazon.com/cloudwatch/pricing/>, <https://aws.amazon.com/xray/pricing/>,
//! <https://aws.amazon.com/secrets-manager/pricing/> and <https://aws.amazon.com/ec2/pricing/on-demand/> (data to the
//! internet). The first step of each, before discounts for volume.

use serde::Deserialize;

use crate::Result;

const PRICES: &str = include_str!("../prices.json");

/// The prices of a region.
#[derive(Debug, Deserialize)]
pub(crate) struct Prices {
    pub(crate) region: String,
    /// The date of the prices.
    pub(crate) date: String,
    /// Not a price, but how many metrics the functions of every stack have of their own (`tests/events` counts them).
    pub(crate) own_metrics: f64,
    pub(crate) api_gateway_requests: Price,
    pub(crate) lambda_requests: Price,
    pub(crate) lambda_gb_seconds: Price,
    pub(crate) dynamodb_read_units: Price,
    pub(crate) dynamodb_write_units: Price,
    pub(crate) log_gb: Price,
    /// To the internet.
    pub(crate) data_out_gb: Price,
    pub(crate) secrets: Price,
    pub(crate) secret_calls: Price,
    pub(crate) metrics: Price,
    pub(crate) alarm_metrics: Price,
    pub(crate) traces: Price,
}

/// A price.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Price {
    pub(crate) dollars: f64,
    /// The quantity that this is for.
    pub(crate) per: f64,
    /// The free quantity of an account each month, also after its first year.
    #[serde(default)]
    pub(crate) free: f64,
}

impl Prices {
    pub(crate) fn read() -> Result<Self> {
        Ok(serde_json::from_str(PRICES)?)
    }
}

impl Price {
    /// The cost of a quantity in dollars, without the free tier.
    pub(crate) fn listed(self, quantity: f64) -> f64 {
        quantity * self.dollars / self.per
    }

    /// The cost of a quantity in dollars, if nothing else in the account uses the free tier.
    pub(crate) fn beyond_free(self, quantity: f64) -> f64 {
        self.listed((quantity - self.free).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_free_tier_is_deducted_and_a_cost_is_never_negative() {
        let price = Price { dollars: 0.30, per: 1.0, free: 10.0 };
        assert!((price.beyond_free(22.0) - 3.60).abs() < 1e-9);
        assert!((price.beyond_free(10.0)).abs() < 1e-9);
        assert!((price.beyond_free(4.0)).abs() < 1e-9);
        assert!((price.listed(4.0) - 1.20).abs() < 1e-9);
    }

    #[test]
    fn a_price_is_for_a_quantity() {
        let price = Price { dollars: 0.05, per: 10_000.0, free: 0.0 };
        assert!((price.listed(17_520.0) - 0.0876).abs() < 1e-9);
        assert!((price.beyond_free(17_520.0) - 0.0876).abs() < 1e-9);
    }

    #[test]
    fn the_file_has_every_price() {
        let prices = Prices::read().unwrap();
        assert!(prices.lambda_gb_seconds.dollars < prices.lambda_requests.dollars && prices.own_metrics > 0.0);
    }
}
