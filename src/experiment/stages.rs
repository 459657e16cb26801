use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use gcn_encoder::{AnyEncoder, Encoder, trainable_parameters};
use ssl_objectives::{Crrl, Method, SerConfig};

use super::data::PreparedData;
use super::folder::RunFolder;
use super::method::{CrrlPart, CrrlSettings, MccSettings};
use super::run::{Experiment, ExperimentOptions};
use super::saved::SavedEncoder;
use crate::evaluate::{Judged, classifier_scores};
use crate::pretrain::{
    PretrainConfig, Pretrained, RunOptions, can_resume, load_milestone, milestones, pretrain,
};
use crate::report::{
    Accuracy, CurvePoint, EncoderSummary, Environment, Metrics, PretrainSummary, Top1,
};
use crate::{Error, OpenDevices};

/// A run under way.
pub(super) struct Run<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) options: &'a ExperimentOptions,
    pub(super) data: &'a PreparedData,
    /// The primary device.
    pub(super) device: &'a Device,
    /// All of them, which train.
    pub(super) devices: &'a OpenDevices,
    pub(super) say: &'a mut dyn FnMut(&str),
    /// What the encoder is worth untrained, once that is known.
    pub(super) untrained: Option<Accuracy>,
    /// What the encoder that was pre-trained last makes of each clip.
    pub(super) judged: Option<Judged>,
}

impl Run<'_> {
    /// The encoder with its initial weights, which follow from the seed.
    pub(super) fn encoder(&self) -> Result<AnyEncoder, Error> {
        self.device.seed(self.experiment.pretrain.seed);
        Ok(self
            .experiment
            .encoder
            .init(&self.data.input(), self.device)?)
    }

    /// A method that is trained in one go.
    pub(super) fn alone<M>(&mut self, method: M) -> Result<Metrics, Error>
    where
        M: Method<Encoder = AnyEncoder> + 'static,
    {
        let folder = self.folder()?;
        let experiment = self.experiment;
        let (metrics, _) = self.pretrain(method, &experiment.pretrain, folder.path())?;
        folder.write("metrics.json", &metrics)?;
        Ok(metrics)
    }

    /// Pre-trains by MCC, then trains encoder and classifier from the pre-trained weights and from the initial ones.
    pub(super) fn mcc(&mut self, mcc: &MccSettings) -> Result<Metrics, Error> {
        let shape = self.data.train.shape();
        let input = [shape.persons, shape.joints, shape.channels];
        let method = mcc.pretext.init(self.encoder()?, input, self.device)?;
        let training = &mcc.finetune.training;
        training.validate_for(self.data.train.len())?;
        training.validate_over(self.devices.len())?;
        let classes = self.data.train.classes().len();
        let classifier = |encoder| mcc.finetune.init(encoder, classes, self.device);
        let scratch = classifier(self.encoder()?)?;

        let folder = self.folder()?;
        let experiment = self.experiment;
        let (mut metrics, trained) = self.pretrain(method, &experiment.pretrain, folder.path())?;
        let finetuned = classifier(trained.encoder().clone().train())?;
        for (name, model, outcome) in [
            ("scratch", scratch, &mut metrics.scratch),
            ("finetuned", finetuned, &mut metrics.finetuned),
        ] {
            let trained = self.train(model, training, &folder.file(name))?;
            let test = &self.data.test;
            let stream = self.experiment.data.stream;
            let top1 = classifier_scores(&trained.method, test, stream, self.device)?.top1();
            (self.say)(&format!(
                "{name}: {top1:.1} % after {} epochs with labels",
                training.epochs
            ));
            *outcome = Some(Top1 { top1 });
        }
        folder.write("metrics.json", &metrics)?;
        Ok(metrics)
    }

    /// CRRL's motion learner alone, its reconstructor alone, and the student that has both.
    pub(super) fn crrl(&mut self, crrl: &CrrlSettings) -> Result<Metrics, Error> {
        let coordinates = self.data.train.shape().frame_len();
        let experiment = self.experiment;
        let config = &experiment.pretrain;
        let motion = crrl.motion_pretrain.as_ref().unwrap_or(config);
        motion.validate_for(self.data.train.len())?;
        motion.validate_over(self.devices.len())?;
        let cml = crrl
            .motion
            .init(self.encoder()?, motion.batch_size, self.device)?;
        let reconstruction = SerConfig {
            reconstruction: crrl.fusion.reconstruction.clone(),
        };
        let ser = reconstruction.init(self.encoder()?, coordinates, self.device)?;
        match crrl.only {
            None => {}
            Some(CrrlPart::Cml) => {
                return self.part(cml, motion, |metrics| &mut metrics.cml);
            }
            Some(CrrlPart::Ser) => {
                return self.part(ser, config, |metrics| &mut metrics.ser);
            }
        }
        // Its configuration is checked before a folder is made; the teacher is not trained yet.
        self.student(crrl, cml.encoder())?;

        let folder = self.folder()?;
        let (motion, cml) = self.pretrain(cml, motion, &folder.file("cml"))?;
        let (reconstruction, _) = self.pretrain(ser, config, &folder.file("ser"))?;
        let fused = self.student(crrl, &cml.encoder().clone().train())?;
        let (mut metrics, _) = self.pretrain(fused, config, folder.path())?;
        metrics.cml = Some(motion.pretrained);
        metrics.ser = Some(reconstruction.pretrained);
        metrics.crrl = Some(metrics.pretrained);
        metrics.pretrain.seconds += motion.pretrain.seconds + reconstruction.pretrain.seconds;
        folder.write("metrics.json", &metrics)?;
        Ok(metrics)
    }

    /// A part of CRRL alone.
    fn part<M>(
        &mut self,
        method: M,
        config: &PretrainConfig,
        outcome: fn(&mut Metrics) -> &mut Option<Accuracy>,
    ) -> Result<Metrics, Error>
    where
        M: Method<Encoder = AnyEncoder> + 'static,
    {
        let folder = self.folder()?;
        let (mut metrics, _) = self.pretrain(method, config, folder.path())?;
        *outcome(&mut metrics) = Some(metrics.pretrained);
        folder.write("metrics.json", &metrics)?;
        Ok(metrics)
    }

    /// CRRL's student of `teacher`.
    fn student(
        &self,
        crrl: &CrrlSettings,
        teacher: &AnyEncoder,
    ) -> Result<Crrl<AnyEncoder>, Error> {
        let coordinates = self.data.train.shape().frame_len();
        let student = self.encoder()?;
        Ok(crrl
            .fusion
            .init(student, teacher, coordinates, self.device)?)
    }

    fn folder(&mut self) -> Result<RunFolder, Error> {
        let ExperimentOptions {
            out,
            resume,
            devices,
            workers,
            ..
        } = self.options;
        let folder = RunFolder::open(out, self.experiment, *resume)?;
        let here = &self.experiment.version;
        if *resume {
            let Experiment { version, .. } = folder.read("config.json")?;
            if version != *here {
                (self.say)(&format!(
                    "version {version} of this library began the run and {here} goes on with it: numbers may differ from \
                     those of one version"
                ));
            }
        }
        folder.note(Environment::here(&devices.to_string(), *workers))?;
        Ok(folder)
    }

    /// Linear and kNN accuracy of an encoder.
    fn measure(&self, encoder: &AnyEncoder) -> Result<Accuracy, Error> {
        self.judge(encoder).map(|judged| judged.accuracy())
    }

    fn judge(&self, encoder: &AnyEncoder) -> Result<Judged, Error> {
        Ok(Judged::new(
            encoder,
            &self.data.train,
            &self.data.test,
            self.experiment.data.stream,
            self.experiment.judgement,
            self.device,
        )?)
    }

    /// Trains `method` in the folder `stage`, going on where it was on a resume.
    fn train<M: Method + 'static>(
        &self,
        method: M,
        config: &PretrainConfig,
        stage: &Path,
    ) -> Result<Pretrained<M>, Error> {
        Ok(pretrain(
            method,
            &self.data.train,
            self.experiment.data.stream,
            config,
            RunOptions {
                // A stage that the killed run had not come to, or whose first epoch it had not ended, starts afresh.
                resume: self.options.resume && can_resume(stage),
                workers: self.options.workers,
                milestone: self.options.curve_every,
                progress: self.options.progress,
                stop: self.options.stop.clone(),
            },
            stage,
            self.devices,
        )?)
    }

    /// Judges `method` untrained, trains it in the folder `stage`, saves its encoder there and judges it.
    fn pretrain<M>(
        &mut self,
        method: M,
        config: &PretrainConfig,
        stage: &Path,
    ) -> Result<(Metrics, M), Error>
    where
        M: Method<Encoder = AnyEncoder> + 'static,
    {
        let Experiment {
            data, judgement, ..
        } = self.experiment;
        let encoder = EncoderSummary {
            name: self.experiment.encoder.to_string(),
            parameters: trainable_parameters(method.encoder()),
            feature_dim: method.encoder().feature_dim(),
        };
        let random_encoder = match self.untrained {
            Some(known) => known,
            None => {
                let accuracy = self.measure(method.encoder())?;
                (self.say)(&format!(
                    "untrained {} ({} parameters): linear {:.1} %, kNN {:.1} %",
                    encoder.name, encoder.parameters, accuracy.linear_top1, accuracy.knn_top1
                ));
                accuracy
            }
        };
        self.untrained = Some(random_encoder);
        let trained = self.train(method.clone(), config, stage)?;
        let saved = SavedEncoder {
            encoder: trained.method.encoder().clone(),
            input: self.data.input(),
            experiment: self.experiment.clone(),
        };
        saved.save(&stage.join("encoder.safetensors"))?;
        let judged = self.judge(trained.method.encoder())?;
        let pretrained = judged.accuracy();
        self.judged = Some(judged);
        (self.say)(&format!(
            "pre-trained for {} epochs: linear {:.1} %, kNN {:.1} %",
            config.epochs, pretrained.linear_top1, pretrained.knn_top1
        ));
        let curve = self.curve(&method, config.epochs, stage, pretrained)?;
        let metrics = Metrics {
            method: self.experiment.method.to_string(),
            dataset: self.data.dataset.clone(),
            protocol: self.data.protocol.clone(),
            stream: data.stream.to_string(),
            train_sequences: self.data.train.len(),
            test_sequences: self.data.test.len(),
            seed: config.seed,
            epochs: config.epochs,
            epoch_choice: "last".to_owned(),
            linear_protocol: judgement.linear.to_string(),
            standardised_features: judgement.standardise,
            knn_k: judgement.knn_k,
            encoder,
            random_encoder,
            pretrained,
            pretrain: self.summary(&trained, config),
            cml: None,
            ser: None,
            crrl: None,
            finetuned: None,
            scratch: None,
            curve,
        };
        Ok((metrics, trained.method))
    }

    /// The accuracies at the epochs that were asked for, the last one's being known.
    fn curve<M: Method<Encoder = AnyEncoder>>(
        &self,
        method: &M,
        epochs: usize,
        stage: &Path,
        last: Accuracy,
    ) -> Result<Vec<CurvePoint>, Error> {
        let Some(every) = self.options.curve_every else {
            return Ok(Vec::new());
        };
        let mut curve = Vec::new();
        for epoch in milestones(stage) {
            if epoch.is_multiple_of(every) && epoch < epochs {
                let earlier = load_milestone(method.clone(), stage, epoch)?;
                let accuracy = self.measure(earlier.encoder())?;
                curve.push(CurvePoint { epoch, accuracy });
            }
        }
        curve.push(CurvePoint {
            epoch: epochs,
            accuracy: last,
        });
        Ok(curve)
    }

    fn summary<M: Method>(
        &self,
        trained: &Pretrained<M>,
        config: &PretrainConfig,
    ) -> PretrainSummary {
        let steps = trained.epochs_run * config.steps(self.data.train.len());
        let views = (trained.method.passes() * steps * config.batch_size) as f64;
        let last = trained.history.last();
        PretrainSummary {
            seconds: trained.seconds,
            views_per_second: if trained.epochs_run == 0 {
                0.0
            } else {
                views / trained.seconds
            },
            final_loss: last
                .and_then(|record| record.train.get("Loss"))
                .copied()
                .unwrap_or(f64::NAN),
        }
    }
}
